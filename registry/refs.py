"""How a definition is named: id, slug, slug@1.2.0, slug@^1.2 (npm ranges)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from semantic_version import NpmSpec, Version

from integration_hub.lib.errors import Fault, ValidationFailed

_LONGEST_RANGE = 100


@dataclass(frozen=True, slots=True)
class Ref:
    """`range` is empty for a bare slug; `exact` says that it is one version."""

    slug: str
    range: str = ""
    id: UUID | None = None

    @property
    def exact(self) -> bool:
        return bool(self.range) and version_of(self.range) is not None

    def admits(self, version: str) -> bool:
        """Whether this version is inside; a bare slug admits every one but pre-releases."""
        found = version_of(version)
        if found is None:
            return False
        if not self.range:
            return not found.prerelease
        return version == self.range if self.exact else found in _npm(self.range)


def parse_ref(text: str, pointer: str = "") -> Ref:
    """Raises ValidationFailed for a range that cannot be read."""
    try:
        return Ref(slug="", id=UUID(text))
    except ValueError:
        pass
    slug, at, wanted = text.partition("@")
    wanted = wanted.strip()
    if at and (not wanted or not _readable(wanted)):
        detail = f"{wanted[:40]!r} is no version or range: write 1.2.0, ^1.2, ~1.2 or >=1.2 <2."
        raise ValidationFailed(detail, errors=[Fault(pointer, detail, "RANGE")])
    return Ref(slug=slug, range=wanted)


def is_range(text: str) -> bool:
    """Whether it can be read as a version or a range of versions."""
    return _readable(text)


def within(version: str, wanted: str) -> bool:
    """Whether this version is inside a range that can be read."""
    found = version_of(version)
    return found is not None and found in _npm(wanted)


def highest(versions: Iterable[str]) -> str | None:
    """The highest of these by semantic precedence; unreadable ones are never chosen."""
    known = [(found, text) for text in versions if (found := version_of(text)) is not None]
    return max(known)[1] if known else None


@lru_cache(maxsize=4_096)
def version_of(text: str) -> Any:
    """The parsed version, or None."""
    try:
        return Version(text)
    except ValueError:
        return None


def sort_key(text: str) -> Any:
    """Orders versions by precedence; what is not a version comes first."""
    return version_of(text) or Version("0.0.0-0")


@lru_cache(maxsize=1_024)
def _npm(text: str) -> Any:
    return NpmSpec(text)


def _readable(text: str) -> bool:
    if len(text) > _LONGEST_RANGE:
        return False
    try:
        _npm(text)
    except ValueError:
        return False
    return True
