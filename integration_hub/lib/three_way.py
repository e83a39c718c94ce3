"""A three-way merge of JSON values: what two sides made of one base, told apart by pointer.

Objects merge member by member. Lists of different texts merge as sets in the order
that ours has, lists of objects with different `id`s by that id; every other list is
one value. Where both sides changed one value differently, ours stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from integration_hub.lib import pointers


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = _Absent()


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where the sides differ; ABSENT where a side has no such member."""

    pointer: str
    base: Any
    ours: Any
    theirs: Any


@dataclass(slots=True)
class Merge:
    """`value` is what came out; `theirs` and `ours` list what one side alone changed.

    `conflicts` were changed by both, and differently; `taken` are the pointers among
    them at which theirs won, because the caller said so.
    """

    value: Any = None
    theirs: list[Difference] = field(default_factory=list)
    ours: list[Difference] = field(default_factory=list)
    conflicts: list[Difference] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)


def merge(base: Any, ours: Any, theirs: Any, *, take: Iterable[str] = ()) -> Merge:
    """Merge; at the pointers of `take`, and below them, theirs wins a conflict."""
    found = Merge()
    found.value = _Merging(found, frozenset(take)).at((), base, ours, theirs)
    return found


def same(one: Any, other: Any) -> bool:
    """Equal as JSON: unlike in Python, true is not 1; the order of members means nothing."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


class _Merging:
    def __init__(self, found: Merge, take: frozenset[str]) -> None:
        self.found = found
        self.take = take

    def at(self, path: tuple[str, ...], base: Any, ours: Any, theirs: Any) -> Any:
        if same(ours, theirs):
            return ours
        if all(isinstance(side, Mapping) for side in (base, ours, theirs)):
            return self._members(path, base, ours, theirs)
        difference = Difference(pointers.join(path), base, ours, theirs)
        if same(base, ours):
            self.found.theirs.append(difference)
            return theirs
        if same(base, theirs):
            self.found.ours.append(difference)
            return ours
        if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
            return self._members(path, {}, ours, theirs)
        if base is not ABSENT and all(_is_set(side) for side in (base, ours, theirs)):
            return self._as_sets(difference)
        if all(_has_ids(side) for side in (base, ours, theirs)):
            by_id = self._members(path, *map(_by_id, (base, ours, theirs)))
            return list(by_id.values())
        return self._conflict(path, difference)

    def _members(
        self,
        path: tuple[str, ...],
        base: Mapping[str, Any],
        ours: Mapping[str, Any],
        theirs: Mapping[str, Any],
    ) -> dict[str, Any]:
        merged = {
            key: self.at(
                (*path, key),
                base.get(key, ABSENT),
                ours.get(key, ABSENT),
                theirs.get(key, ABSENT),
            )
            for key in dict.fromkeys((*ours, *theirs))
        }
        return {key: value for key, value in merged.items() if value is not ABSENT}

    def _as_sets(self, found: Difference) -> list[str]:
        """What neither side took out, and what either put in."""
        self.found.theirs.append(found)
        self.found.ours.append(found)
        kept = [item for item in found.ours if item in found.theirs or item not in found.base]
        new = [item for item in found.theirs if item not in found.ours and item not in found.base]
        return kept + new

    def _conflict(self, path: tuple[str, ...], found: Difference) -> Any:
        self.found.conflicts.append(found)
        above = (pointers.join(path[:length]) for length in range(len(path) + 1))
        if self.take.isdisjoint(above):
            return found.ours
        self.found.taken.add(found.pointer)
        return found.theirs


def _is_set(value: Any) -> bool:
    texts = isinstance(value, list) and all(isinstance(item, str) for item in value)
    return texts and len(set(value)) == len(value)


def _has_ids(value: Any) -> bool:
    if not isinstance(value, list):
        return False
    ids = [item.get("id") if isinstance(item, Mapping) else None for item in value]
    return all(isinstance(name, str) for name in ids) and len(set(ids)) == len(ids)


def _by_id(entries: list[Mapping[str, Any]]) -> dict[str, Any]:
    return {entry["id"]: entry for entry in entries}
