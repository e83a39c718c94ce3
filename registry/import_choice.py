"""Which operations of a description are wanted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from registry.importer import Operation

_GLOB = frozenset("*?")
_NAMES: dict[str, Any] = {
    "type": "array",
    "maxItems": 5_000,
    "items": {"type": "string", "minLength": 1, "maxLength": 500},
}
INCLUDE: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "tags": _NAMES | {"description": "Operations with one of these tags."},
        "paths": _NAMES | {"description": "/users and all below it, or a glob: /users/*/keys."},
        "operations": _NAMES | {"description": "Ids of operations, or `GET /users/{id}`."},
    },
    "description": "What one of the lists names is imported; without any, everything.",
}


@dataclass(frozen=True, slots=True)
class Choice:
    tags: frozenset[str] = frozenset()
    paths: tuple[str, ...] = ()
    operations: frozenset[str] = frozenset()

    @classmethod
    def of(cls, include: Mapping[str, Any] | None) -> Choice:
        said = include or {}
        return cls(
            frozenset(said.get("tags", ())),
            tuple(said.get("paths", ())),
            frozenset(said.get("operations", ())),
        )

    @property
    def everything(self) -> bool:
        return not (self.tags or self.paths or self.operations)

    def wants(self, operation: Operation) -> bool:
        if self.everything or not self.operations.isdisjoint(_names(operation)):
            return True
        if not self.tags.isdisjoint(operation.tags):
            return True
        return any(_below(operation.path, path) for path in self.paths)

    def unmatched(self, operations: Sequence[Operation]) -> Iterator[str]:
        """What was named and is not there."""
        tags = {tag for operation in operations for tag in operation.tags}
        ids = {name for operation in operations for name in _names(operation)}
        yield from sorted(self.tags - tags)
        yield from sorted(self.operations - ids)
        for path in self.paths:
            if not any(_below(operation.path, path) for operation in operations):
                yield path


def _names(operation: Operation) -> tuple[str, str]:
    return operation.id, f"{operation.verb} {operation.path}"


def _below(path: str, wanted: str) -> bool:
    if _GLOB.isdisjoint(wanted):
        return path == wanted or path.startswith(wanted.rstrip("/") + "/")
    return fnmatchcase(path, wanted.replace("[", "[[]"))
