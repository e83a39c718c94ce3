"""Changes of the methods, each judged by what a caller sees of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from integration_hub.lib.pointers import join
from registry.adapter import adapters
from registry.compatibility.change import Change, breaking, changed, compatible
from registry.compatibility.keywords import canonical
from registry.compatibility.schemas import Direction, compare_schemas
from registry.meta_schema import RISKS
from registry.spec import DefinitionSpec, MethodSpec

# Members whose change a caller may notice, and that break nothing.
_HARMLESS = {
    "description": "Its description changed.",
    "timeout_ms": "The time for one attempt changed.",
    "request_transform": "How the request is made from the parameters changed.",
    "response_transform": "How the result is made from the answer changed.",
    "cache_seconds": "How long an answer serves equal calls changed.",
    "sensitive": "What is masked changed.",
    "examples": "Its examples changed.",
    "retry": "When it is tried again changed.",
    "transient": "When it is tried again changed.",
    "circuit": "When its circuit opens changed.",
    "limits": "Its limits changed.",
}
_MEMBERS = {"circuit": "circuit_breaker", "limits": "rate_limit"}


def method_changes(old: DefinitionSpec, new: DefinitionSpec) -> Iterator[Change]:
    for name, method in new.methods.items():
        place = join(("methods", name))
        if name in old.methods:
            yield from _method(old, old.methods[name], new, method)
        else:
            yield compatible(place, f"The method `{name}` is new.")
    added = [method for name, method in new.methods.items() if name not in old.methods]
    for name, method in old.methods.items():
        if name not in new.methods:
            yield breaking(join(("methods", name)), _gone(method, added))


def _gone(method: MethodSpec, added: list[MethodSpec]) -> str:
    same = [item.name for item in added if item.protocol == method.protocol]
    renamed = f" It seems to be `{same[0]}` now." if same else ""
    return f"The method `{method.name}` was removed.{renamed}"


def _method(
    old_spec: DefinitionSpec, old: MethodSpec, new_spec: DefinitionSpec, new: MethodSpec
) -> Iterator[Change]:
    place = join(("methods", new.name))
    yield from compare_schemas(
        old.param_schema,
        new.param_schema,
        direction=Direction.INPUT,
        base=f"{place}/param_schema",
    )
    yield from compare_schemas(
        old.result_schema,
        new.result_schema,
        direction=Direction.OUTPUT,
        base=f"{place}/result_schema",
    )
    yield from _promises(old, new, place)
    yield from _needed(old_spec, old, new_spec, new, place)
    yield from _rest(old_spec, old, new_spec, new, place)


def _promises(old: MethodSpec, new: MethodSpec, place: str) -> Iterator[Change]:
    if old.risk != new.risk:
        raised = RISKS.index(new.risk) > RISKS.index(old.risk)
        yield changed(f"{place}/risk", f"`{old.risk}` became `{new.risk}`.", breaks=raised)
    safe_before = old.idempotent or bool(old.idempotency_header)
    safe_after = new.idempotent or bool(new.idempotency_header)
    if old.idempotent != new.idempotent or safe_before != safe_after:
        word = "is" if safe_after else "is not"
        yield changed(
            f"{place}/idempotent",
            f"It {word} safe to send again.",
            breaks=safe_before and not safe_after,
        )
    if canonical(old.pagination) != canonical(new.pagination):
        other = bool(old.pagination) != bool(new.pagination)
        detail = "Its result is one list of all pages" if new.pagination else "One page"
        yield changed(
            f"{place}/pagination",
            f"{detail} now." if other else "How pages are fetched changed.",
            breaks=other,
        )


def _needed(
    old_spec: DefinitionSpec,
    old: MethodSpec,
    new_spec: DefinitionSpec,
    new: MethodSpec,
    place: str,
) -> Iterator[Change]:
    """Parameters that every call needs though no schema requires them (those of the path)."""
    before = _must_have(old_spec.type, old) | _required(old)
    for name in sorted(_must_have(new_spec.type, new) - _required(new) - before):
        yield breaking(f"{place}/{new_spec.type}", f"Every call needs `{name}` now.")


def _must_have(adapter: str, method: MethodSpec) -> set[str]:
    if adapter not in adapters:
        return set()
    return set(adapters.get(adapter).needed_parameters(method.protocol))


def _required(method: MethodSpec) -> set[str]:
    schema: Any = method.param_schema
    return set(schema.get("required", ())) if isinstance(schema, dict) else set()


def _rest(
    old_spec: DefinitionSpec,
    old: MethodSpec,
    new_spec: DefinitionSpec,
    new: MethodSpec,
    place: str,
) -> Iterator[Change]:
    for name, detail in _HARMLESS.items():
        if getattr(old, name) != getattr(new, name):
            yield compatible(f"{place}/{_MEMBERS.get(name, name)}", detail)
    same_adapter = old_spec.type == new_spec.type
    if same_adapter and canonical(old.protocol) != canonical(new.protocol):
        yield compatible(f"{place}/{new_spec.type}", "How the external system is called changed.")
