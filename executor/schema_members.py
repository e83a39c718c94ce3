"""The members that an object schema declares, through allOf and references within itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_DEEPEST = 20
_OPENERS = frozenset({"anyOf", "oneOf", "if", "patternProperties", "dependentSchemas"})
_CLOSERS = ("additionalProperties", "unevaluatedProperties")


@dataclass(frozen=True, slots=True)
class Members:
    """`listed`: nothing hints at members beside these. `closed`: the schema refuses any other."""

    properties: Mapping[str, Any] = field(default_factory=dict)
    listed: bool = False
    closed: bool = False

    def type_of(self, name: str) -> set[str]:
        """The JSON types that the member's own schema names; empty where it does not say."""
        schema = self.properties.get(name)
        types = schema.get("type", []) if isinstance(schema, Mapping) else []
        return {types} if isinstance(types, str) else set(types)


def members_of(schema: Mapping[str, Any] | None) -> Members:
    """What `schema` declares; without a schema nothing is declared and anything goes."""
    if schema is None:
        return Members()
    properties: dict[str, Any] = {}
    opened = closed = False
    for part in _parts(schema, schema, 0):
        properties |= part.get("properties", {})
        opened = opened or not _OPENERS.isdisjoint(part) or bool(part.get("additionalProperties"))
        closed = closed or any(part.get(name) is False for name in _CLOSERS)
    return Members(properties, listed=bool(properties) and not opened, closed=closed and not opened)


def _parts(root: Mapping[str, Any], schema: Any, depth: int) -> Iterator[Mapping[str, Any]]:
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return
    yield schema
    for part in schema.get("allOf", ()):
        yield from _parts(root, part, depth + 1)
    yield from _parts(root, _resolved(root, schema.get("$ref")), depth + 1)


def _resolved(root: Mapping[str, Any], ref: Any) -> Any:
    if not isinstance(ref, str) or not ref.startswith("#/"):
        return None
    found: Any = root
    for step in ref[2:].split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, Mapping) else None
    return found
