"""Changes of what stands beside the methods: adapter, config, policies, dates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from registry.compatibility.change import Change, Kind, breaking, changed, compatible
from registry.compatibility.schemas import Direction, compare_schemas
from registry.spec import DefinitionSpec

_HARMLESS = (
    *("name", "description", "docs_url", "tags", "rate_limit", "retry", "transient"),
    *(
        "circuit_breaker",
        "health_check",
        "redirects",
        "propagate_trace",
        "default_config",
        "extends",
    ),
    "supports",
)


def member_changes(old: DefinitionSpec, new: DefinitionSpec) -> Iterator[Change]:
    if old.type != new.type:
        detail = f"The adapter `{old.type}` became `{new.type}`."
        yield breaking("/type", detail)
    yield from _config(old, new)
    yield from _sunset(old.sunset, new.sunset)
    yield from _webhook(old.document.get("webhook"), new.document.get("webhook"))
    for name in _HARMLESS:
        if old.document.get(name) != new.document.get(name):
            yield compatible(f"/{name}", f"`{name}` changed.")


def _config(old: DefinitionSpec, new: DefinitionSpec) -> Iterator[Change]:
    """A member that is required now breaks nobody when its value is known."""
    supplied = {f"`{name}` is required now." for name in _supplied(new)}
    for change in compare_schemas(
        old.config_schema, new.config_schema, direction=Direction.INPUT, base="/config_schema"
    ):
        known = change.pointer == "/config_schema/required" and change.detail in supplied
        yield Change(change.pointer, Kind.COMPATIBLE, change.detail) if known else change
    lost = _needed(old) & _needed(new) & (_supplied(old) - _supplied(new))
    for name in sorted(lost):
        yield breaking("/default_config", f"`{name}` is required and has no default any more.")


def _supplied(spec: DefinitionSpec) -> set[str]:
    properties: Mapping[str, Any] = (spec.config_schema or {}).get("properties", {})
    defaults = {
        name
        for name, schema in properties.items()
        if isinstance(schema, Mapping) and "default" in schema
    }
    return set(spec.default_config) | defaults


def _needed(spec: DefinitionSpec) -> set[str]:
    return set((spec.config_schema or {}).get("required", ()))


def _sunset(old: str, new: str) -> Iterator[Change]:
    if old != new:
        earlier = bool(old and new and new < old)
        yield changed("/sunset", f"The end is {new or 'not announced any more'}.", breaks=earlier)


def _webhook(old: Any, new: Any) -> Iterator[Change]:
    if old == new:
        return
    if old is None:
        yield compatible("/webhook", "Inbound calls are described.")
    else:
        yield breaking("/webhook", "Inbound calls are verified or handled otherwise.")
