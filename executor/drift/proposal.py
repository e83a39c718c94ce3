"""A JSON Patch (RFC 6902) of a `result_schema` under which what was seen would pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from integration_hub.lib import pointers

Patch = list[dict[str, Any]]
ABSENT = "absent"


def kind_at(value: Any, steps: Sequence[str]) -> str:
    """The JSON type of what stands at a pointer's steps; `absent` where nothing does."""
    for step in (step.replace("~1", "/").replace("~0", "~") for step in steps):
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return ABSENT
    return _kind(value)


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    names = {dict: "object", list: "array", str: "string", int: "integer", type(None): "null"}
    return names.get(type(value), "number")


def patch_for(schema: Any, field: str, code: str, found: str) -> Patch:
    """Empty where the schema says it in a way that is not for a machine to change."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in field.split("/")[1:]]
    if code == "REQUIRED" and steps:
        return _optional(schema, steps)
    if code == "UNKNOWN_MEMBER" and steps and steps[-1] != "*":
        parent, at = _walk(schema, steps[:-1])
        if parent is None:
            return []
        added = pointers.join((*at, "properties", steps[-1]))
        if "properties" not in parent:
            value: dict[str, Any] = {steps[-1]: {"type": found}}
            return [{"op": "add", "path": pointers.join((*at, "properties")), "value": value}]
        return [{"op": "add", "path": added, "value": {"type": found}}]
    return _widened(schema, steps, found) if code == "TYPE" else []


def _optional(schema: Any, steps: list[str]) -> Patch:
    parent, at = _walk(schema, steps[:-1])
    required = parent.get("required") if parent is not None else None
    if not isinstance(required, list) or steps[-1] not in required:
        return []
    left = [name for name in required if name != steps[-1]]
    return [{"op": "replace", "path": pointers.join((*at, "required")), "value": left}]


def _widened(schema: Any, steps: list[str], found: str) -> Patch:
    own, at = _walk(schema, steps)
    if own is None or "type" not in own or found == ABSENT:
        return []
    types = own["type"] if isinstance(own["type"], list) else [own["type"]]
    return [{"op": "replace", "path": pointers.join((*at, "type")), "value": [*types, found]}]


def _walk(schema: Any, steps: Sequence[str]) -> tuple[Mapping[str, Any] | None, tuple[str, ...]]:
    """The schema of a place and the way there, through `properties` and `items` alone."""
    at: tuple[str, ...] = ()
    for step in steps:
        if not isinstance(schema, Mapping):
            return None, at
        inner = ("items",) if step == "*" else ("properties", step)
        for name in inner:
            schema = schema.get(name) if isinstance(schema, Mapping) else None
        at += inner
    return (schema if isinstance(schema, Mapping) else None), at
