"""Where a rule writes: objects and arrays are made on the way; two rules may not disagree."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from transformer.paths import BadPath, Each, Place, Step, parse

MAX_INDEX = 1_000
Write = Callable[[Any, Any], Any]  # (result so far, value) → result


def parse_target(text: str) -> Place:
    """The steps of a target. Raises BadPath."""
    steps = parse(text)
    for step in steps:
        _check_step(step)
    return tuple(step for step in steps if not isinstance(step, Each))


def _check_step(step: Step) -> None:
    if isinstance(step, Each):
        raise BadPath("a target has no [*]: write a list by `each`, or from a source with [*]")
    if isinstance(step, int) and not 0 <= step <= MAX_INDEX:
        raise BadPath(f"an index of a target is from 0 to {MAX_INDEX}")


def compile_target(steps: Place) -> Write:
    """A function that puts a value there. It only ever changes what it made itself."""
    if not steps:
        return lambda _, value: value
    if len(steps) == 1 and isinstance(steps[0], str):
        name = steps[0]

        def write_member(result: Any, value: Any) -> Any:
            result[name] = value
            return result

        return write_member
    if len(steps) == 2 and isinstance(steps[0], str) and isinstance(steps[1], str):
        return _in_member(steps[0], steps[1])
    return lambda result, value: _write(result, steps, value)


def _in_member(outer: str, name: str) -> Write:
    def write_in_member(result: Any, value: Any) -> Any:
        inner = result.get(outer)
        if inner is None:
            inner = result[outer] = {}
        inner[name] = value
        return result

    return write_in_member


def _write(result: Any, steps: Place, value: Any) -> Any:
    node = result
    for step, following in pairwise(steps):
        inner = _peek(node, step)
        if inner is None:
            inner = [] if isinstance(following, int) else {}
            _put(node, step, inner)
        node = inner
    _put(node, steps[-1], value)
    return result


def _peek(node: Any, step: str | int) -> Any:
    if isinstance(step, int):
        return node[step] if step < len(node) else None
    return node.get(step)


def _put(node: Any, step: str | int, value: Any) -> None:
    if isinstance(step, int):
        node.extend([None] * (step + 1 - len(node)))
    node[step] = value


def conflicts(targets: Sequence[Place]) -> Iterator[tuple[int, str]]:
    """Each target that cannot be written beside an earlier one, and why.

    Equal targets may stand together: the later rule that has a value wins.
    """
    written: dict[Place, int] = {}
    containers: dict[Place, tuple[bool, int]] = {}  # place → (is an array, first rule)
    for number, place in enumerate(targets):
        inside = next((cut for cut in _prefixes(place) if cut in written), None)
        if inside is not None:
            yield number, f"it lies inside the target of rule {written[inside]}"
        elif place in containers:
            yield number, f"the target of rule {containers[place][1]} lies inside it"
        written.setdefault(place, number)
        for cut in _prefixes(place):
            is_array = isinstance(place[len(cut)], int)
            known, first = containers.setdefault(cut, (is_array, number))
            if known != is_array:
                yield (
                    number,
                    f"rule {first} makes an object where this makes an array, or the reverse",
                )


def _prefixes(place: Place) -> Iterator[Place]:
    return (place[:length] for length in range(len(place)))
