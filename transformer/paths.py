"""Paths of rules: dotted names, `back-quoted` others, `[n]`, `[*]`; `$` is the whole.

Plain Python over plain values: numbers pass untouched, whatever their size.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

MAX_PATH = 1_024
Place = tuple[str | int, ...]
Read = Callable[[Any], Any]

_STEP = re.compile(
    r"\.(?P<name>[\w@#$:-]+)"
    r"|\.`(?P<quoted>[^`]+)`"
    r"|\[(?P<index>-?\d{1,6})\]"
    r"|\[(?P<each>\*)\]"
)


class BadPath(ValueError):
    """The text is no path; the message says where and what to write."""


class _Missing:
    """What stands where nothing stands: not null, which is a value."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<missing>"


MISSING: Final = _Missing()


@dataclass(frozen=True, slots=True)
class Each:
    """The step `[*]`; a name is a str, an index an int."""


EACH: Final = Each()
Step = str | int | Each


class WrongShape(Exception):
    """A step met a value that it cannot enter; `at` is where that value stands."""

    def __init__(self, at: Place, value: Any, expected: str) -> None:
        super().__init__(f"expected {expected}")
        self.at, self.value, self.expected = at, value, expected


@lru_cache(maxsize=4_096)
def parse(path: str) -> tuple[Step, ...]:
    """The steps; none for `$`. Raises BadPath."""
    if len(path) > MAX_PATH:
        raise BadPath(f"a path has at most {MAX_PATH} characters")
    rooted = path == "$" or path.startswith(("$.", "$["))
    rest = path[1:] if rooted else path if path.startswith("[") else f".{path}"
    steps: list[Step] = []
    at = 0
    while at < len(rest):
        found = _STEP.match(rest, at)
        if found is None:
            raise BadPath(_remedy(path, at - len(rest) + len(path)))
        steps.append(_step(found))
        at = found.end()
    return tuple(steps)


def _step(found: re.Match[str]) -> Step:
    if found["index"] is not None:
        return int(found["index"])
    if found["each"] is not None:
        return EACH
    return found["name"] or found["quoted"]


def _remedy(path: str, at: int) -> str:
    return (
        f"{path[:80]!r} is not a path (character {max(at, 0) + 1}): names with dots between, "
        "others in `back-quotes`, [0] for one item, [*] for all, $ for the whole"
    )


def compile_path(steps: tuple[Step, ...]) -> Read:
    """A function from a document to the value there, or MISSING. Raises WrongShape."""
    names = tuple(step for step in steps if isinstance(step, str))
    if len(names) == len(steps) == 1:
        return _one_name(names[0])
    if len(names) == len(steps) == 2:
        return _two_names(names[0], names[1])
    return lambda document: walk(document, steps)


def _one_name(name: str) -> Read:
    def read(document: Any) -> Any:
        if type(document) is dict:
            return document.get(name, MISSING)
        return walk(document, (name,))

    return read


def _two_names(first: str, second: str) -> Read:
    def read(document: Any) -> Any:
        if type(document) is dict:
            inner = document.get(first, MISSING)
            if type(inner) is dict:
                return inner.get(second, MISSING)
        return walk(document, (first, second))

    return read


def walk(document: Any, steps: tuple[Step, ...]) -> Any:
    """Follow steps without `[*]`."""
    node = document
    for taken, step in enumerate(steps):
        node = _enter(node, step, steps, taken)
        if node is MISSING:
            return MISSING
    return node


def _enter(node: Any, step: Step, steps: tuple[Step, ...], taken: int) -> Any:
    if isinstance(step, str):
        if isinstance(node, dict):
            return node.get(step, MISSING)
        expected = "object"
    elif isinstance(node, list) and isinstance(step, int):
        return node[step] if -len(node) <= step < len(node) else MISSING
    else:
        expected = "array"
    if node is None:
        return MISSING
    at = tuple(step for step in steps[:taken] if not isinstance(step, Each))
    raise WrongShape(at, node, expected)


def expand(
    document: Any, steps: tuple[Step, ...], *, lone: bool = False
) -> list[tuple[Place, Any]] | None:
    """Every value that steps with `[*]` lead to, with its place; MISSING where one lacks it.

    None when the first array itself is missing. With `lone`, what is no array counts
    as an array of one.
    """
    cut = steps.index(EACH)
    first = walk(document, steps[:cut])
    if first is MISSING or first is None:
        return None
    prefix = tuple(step for step in steps[:cut] if not isinstance(step, Each))
    found: list[tuple[Place, Any]] = []
    _expand_into(found, first, steps[cut:], prefix, lone)
    return found


def _expand_into(
    found: list[tuple[Place, Any]], node: Any, steps: tuple[Step, ...], at: Place, lone: bool
) -> None:
    if EACH not in steps:
        found.append((at + _plain(steps), _walk_from(node, steps, at)))
        return
    cut = steps.index(EACH)
    node = _walk_from(node, steps[:cut], at)
    at = at + _plain(steps[:cut])
    if isinstance(node, list):
        for index, item in enumerate(node):
            _expand_into(found, item, steps[cut + 1 :], (*at, index), lone)
    elif node is MISSING or node is None:
        found.append((at, MISSING))
    elif lone:
        _expand_into(found, node, steps[cut + 1 :], at, lone)
    else:
        raise WrongShape(at, node, "array")


def _walk_from(node: Any, steps: tuple[Step, ...], at: Place) -> Any:
    try:
        return walk(node, steps)
    except WrongShape as wrong:
        raise WrongShape(at + wrong.at, wrong.value, wrong.expected) from None


def _plain(steps: tuple[Step, ...]) -> Place:
    return tuple(step for step in steps if not isinstance(step, Each))


def to_text(place: Place, root: str = "$") -> str:
    """`("lines", 0, "unit price")` → ``$.lines[0].`unit price` ``"""
    parts = [root]
    for step in place:
        if isinstance(step, int):
            parts.append(f"[{step}]")
        else:
            plain = re.fullmatch(r"[\w@#$:-]+", step)
            parts.append(f".{step}" if plain else f".`{step}`")
    return "".join(parts).removeprefix(".")
