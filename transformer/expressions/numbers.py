"""JSONata counts in doubles: where an integer would not survive that, it is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import orjson

from integration_hub.lib import jsonsafe
from transformer.paths import Place

SAFE = 2**53 - 1
"""The integers up to here are exact as doubles, and no other one is taken for them."""

_TOKENS = re.compile(
    r"""/\*.*?\*/|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|(?<![\w$.])(?P<digits>\d{16,})(?![\w.])""",
    re.DOTALL,
)
_EVAL = re.compile(r"\$eval\b")
_LONG = re.compile(rb"[0-9]{16}")
_MOST_ITEMS = 1_000_000
_MOST_CONTAINERS = 300_000


class TooLarge(ValueError):
    """A result of more parts than a document may have."""


class Rounded(ValueError):
    """A result with an integer that JSONata may have rounded."""

    def __init__(self, number: int) -> None:
        super().__init__("an integer that may be rounded")
        self.number = number


def written(document: Any) -> bytes | None:
    """The document as JSON; None where it holds an integer that is not safe."""
    try:
        return orjson.dumps(document, option=orjson.OPT_STRICT_INTEGER)
    except TypeError:
        return None


def unsafe_places(value: Any, at: Place = ()) -> Iterator[tuple[Place, int]]:
    """Where integers stand that are not safe."""
    if isinstance(value, int):
        if abs(value) > SAFE:
            yield at, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from unsafe_places(item, (*at, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from unsafe_places(item, (*at, index))


def unsafe_literal(text: str) -> tuple[int, str] | None:
    """The first number in an expression that is not what it says, and where it stands."""
    for found in _TOKENS.finditer(text):
        digits = found["digits"]
        if digits is not None and int(digits[:4_000]) > SAFE:
            return found.start(), digits
    return None


def eval_at(text: str) -> int | None:
    """Where an expression names `$eval`, outside strings and comments."""
    bare = _TOKENS.sub(lambda found: " " * len(found[0]), text)
    found = _EVAL.search(bare)
    return None if found is None else found.start()


def parsed(result: bytes) -> Any:
    """The document of a result. Raises TooLarge, Rounded, JSONFault for one nested too deep."""
    containers = result.count(b"[") + result.count(b"{")
    if containers > _MOST_CONTAINERS or result.count(b",") > _MOST_ITEMS:
        raise TooLarge(f"more than {_MOST_ITEMS} items or {_MOST_CONTAINERS} lists and objects")
    if containers <= jsonsafe.MAX_DEPTH and _LONG.search(result) is None:
        return orjson.loads(result)
    value = jsonsafe.loads(result, max_keys=_MOST_ITEMS)
    for _, number in unsafe_places(value):
        raise Rounded(number)
    return value


def cut(document: Any, reads: Any) -> Any:
    """The document with only the members that an expression reads."""
    if reads is True:
        return document
    if isinstance(document, dict):
        return {
            name: cut(document[name], inner) for name, inner in reads.items() if name in document
        }
    if isinstance(document, list):
        return [cut(item, reads) for item in document]
    return document
