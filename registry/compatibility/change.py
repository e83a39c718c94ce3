"""One difference between two versions, and what both sides of a comparison say with it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    BREAKING = "breaking"
    COMPATIBLE = "compatible"


@dataclass(frozen=True, slots=True)
class Change:
    """`pointer` leads into the new document, for what was removed into the old one."""

    pointer: str
    kind: Kind
    detail: str

    def as_dict(self) -> dict[str, str]:
        return {"pointer": self.pointer, "kind": self.kind.value, "detail": self.detail}


def breaking(pointer: str, detail: str) -> Change:
    return Change(pointer, Kind.BREAKING, detail)


def compatible(pointer: str, detail: str) -> Change:
    return Change(pointer, Kind.COMPATIBLE, detail)


def changed(pointer: str, detail: str, *, breaks: bool) -> Change:
    return breaking(pointer, detail) if breaks else compatible(pointer, detail)
