"""The paths of a definition's `sensitive`: dotted names, back-quotes for others, [n], [*]."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

Step = str | int

_STEP = re.compile(r"\.?(?:`(?P<quoted>[^`]+)`|(?P<name>[^.\[\]`\s]+)|\[(?P<index>\*|\d+)\])")
EVERY = -1


@lru_cache(maxsize=4096)
def steps(path: str) -> tuple[Step, ...]:
    """The steps of one path. Raises ValueError, saying where, when it is not one."""
    found: list[Step] = []
    at = 0
    while at < len(path):
        match = _STEP.match(path, at)
        if match is None or (path[at] == "." and at == 0):
            raise ValueError(f"{path[:80]!r} is not a path: column {at + 1} is not a name or [n]")
        if match["index"]:
            found.append(EVERY if match["index"] == "*" else int(match["index"]))
        else:
            found.append(match["quoted"] or match["name"])
        at = match.end()
    if not found:
        raise ValueError("a path is not empty")
    return tuple(found)


def masked(value: Any, paths: Iterable[str], mask: str) -> Any:
    """`value` with `mask` at each path that exists; what lies on a path is copied, nothing else."""
    for path in paths:
        value = _mask(value, steps(path), mask)
    return value


def _mask(value: Any, rest: tuple[Step, ...], mask: str) -> Any:
    if not rest:
        return value if value is None else mask
    step, below = rest[0], rest[1:]
    if isinstance(value, dict):
        if step not in value:
            return value
        return {**value, step: _mask(value[step], below, mask)}
    if isinstance(value, list):
        if step == EVERY:
            return [_mask(item, below, mask) for item in value]
        if isinstance(step, int):
            return [_mask(v, below, mask) if i == step else v for i, v in enumerate(value)]
        # A name on a list means the member of each element: better too much than too little.
        return [_mask(item, rest, mask) for item in value]
    return value
