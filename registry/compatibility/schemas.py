"""Two JSON Schemas: what was taken and is refused, what may now come and could not before.

Input (parameters, config) breaks when it is narrowed, output (results) when it is
widened or when a property that callers read is gone. What cannot be decided counts
as breaking.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from integration_hub.lib import pointers
from registry.compatibility.change import Change, breaking, changed, compatible
from registry.compatibility.keywords import Effect, Schema, canonical, effects

_OBJECT: Schema = {"type": "object"}
_NOTHING: Schema = {"not": {}}
_WORDS = {
    Effect.NARROWED: "takes fewer values than before",
    Effect.WIDENED: "takes more values than before",
    Effect.CHANGED: "takes other values than before",
}


class Direction(StrEnum):
    """Whether callers give the value or are given it."""

    INPUT = "input"
    OUTPUT = "output"

    def breaks(self, effect: Effect) -> bool:
        harmless = Effect.WIDENED if self is Direction.INPUT else Effect.NARROWED
        return effect is not harmless


@dataclass(frozen=True, slots=True)
class _Walk:
    """One comparison. `seen`: the referred pairs that were entered, so that it ends."""

    direction: Direction
    base: str
    old_root: Any
    new_root: Any
    seen: set[tuple[int, int]] = field(default_factory=set)


def compare_schemas(
    old: Schema | bool | None, new: Schema | bool | None, *, direction: Direction, base: str
) -> Iterator[Change]:
    """The changes from `old` to `new`, which stand at `base`; None takes anything.

    Parameters and config are objects even where no schema says so.
    """
    if canonical(old) == canonical(new):
        return
    if new is None and direction is Direction.INPUT:
        yield compatible(base, "Without a schema any object is taken.")
        return
    free: Schema | bool = _OBJECT if direction is Direction.INPUT else True
    walk = _Walk(direction, base, old, new)
    before = free if old is None else old
    after = True if new is None else new
    found = list(_compare(walk, before, after, base))
    yield from found
    if not found:
        yield compatible(base, "Its wording changed, what it takes did not.")


def _compare(walk: _Walk, old: Any, new: Any, place: str) -> Iterator[Change]:
    old, old_referred, _ = _resolved(walk.old_root, old)
    new, new_referred, at = _resolved(walk.new_root, new)
    if old_referred or new_referred:
        pair = (id(old), id(new))
        if pair in walk.seen:
            return
        walk.seen.add(pair)
    place = walk.base + at if new_referred else place
    old, new = _plain(old), _plain(new)
    for keyword, effect in effects(old, new):
        there = f"{place}/{keyword}" if keyword in new else place
        detail = f"`{keyword}` {_WORDS[effect]}."
        yield changed(there, detail, breaks=walk.direction.breaks(effect))
    yield from _required(walk, old, new, place)
    yield from _properties(walk, old, new, place)
    yield from _others(walk, old, new, place)


def _plain(schema: Any) -> Schema:
    """True is the schema that takes everything, false the one that takes nothing."""
    if isinstance(schema, bool):
        return {} if schema else _NOTHING
    return schema  # type: ignore[no-any-return]  # stored schemas are objects or booleans


def _resolved(root: Any, schema: Any) -> tuple[Any, bool, str]:
    """The schema that `schema` refers to, whether it referred, and where that stands."""
    referred, at, hops = False, "", 0
    while isinstance(schema, Mapping) and isinstance(schema.get("$ref"), str) and hops < 20:
        found = _at(root, schema["$ref"])
        if found is None:
            break
        schema, referred, at, hops = found, True, schema["$ref"][1:], hops + 1
    return schema, referred, at


def _at(root: Any, reference: str) -> Any:
    if not reference.startswith("#") or not pointers.exists(root, reference[1:]):
        return None
    for segment in pointers.split(reference[1:]):
        root = root[int(segment)] if isinstance(root, list) else root[segment]
    return root


def _required(walk: _Walk, old: Schema, new: Schema, place: str) -> Iterator[Change]:
    before, after = _names(old), _names(new)
    for name in sorted(after - before):
        is_input = walk.direction is Direction.INPUT
        yield changed(f"{place}/required", f"`{name}` is required now.", breaks=is_input)
    for name in sorted(before - after):
        is_output = walk.direction is Direction.OUTPUT
        pointer = f"{place}/required" if "required" in new else place
        yield changed(pointer, f"`{name}` is not required any more.", breaks=is_output)


def _names(schema: Schema) -> set[str]:
    required = schema.get("required")
    return set(required) if isinstance(required, list) else set()  # draft 3's flag is no list


def _properties(walk: _Walk, old: Schema, new: Schema, place: str) -> Iterator[Change]:
    before, after = old.get("properties", {}), new.get("properties", {})
    for name, schema in after.items():
        there = f"{place}/properties/{pointers.escape(name)}"
        if name in before:
            yield from _compare(walk, before[name], schema, there)
        else:
            yield compatible(there, f"The property `{name}` is new.")
    for name in before.keys() - after.keys():
        there = f"{place}/properties/{pointers.escape(name)}"
        yield breaking(there, f"The property `{name}` was removed.")


def _others(walk: _Walk, old: Schema, new: Schema, place: str) -> Iterator[Change]:
    """What stands beside the named properties, and the elements of lists."""
    for keyword in ("additionalProperties", "items"):
        before, after = _anything(old.get(keyword)), _anything(new.get(keyword))
        there = f"{place}/{keyword}" if keyword in new else place
        if isinstance(before, list) or isinstance(after, list):  # a tuple of older drafts
            yield breaking(there, f"`{keyword}` takes other values than before.")
        elif isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from _compare(walk, before, after, there)
        elif before != after:
            effect = Effect.WIDENED if after is True or before is False else Effect.NARROWED
            # More members than are named break nobody who reads those that are.
            unread = keyword == "additionalProperties" and walk.direction is Direction.OUTPUT
            breaks = walk.direction.breaks(effect) and not unread
            yield changed(there, f"`{keyword}` {_WORDS[effect]}.", breaks=breaks)


def _anything(schema: Any) -> Any:
    """No schema and the empty one take everything, as true does."""
    return True if schema is None or schema == {} else schema
