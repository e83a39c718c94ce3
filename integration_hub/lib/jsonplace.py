"""Where in a JSON text a fault stands that the parser's hooks cannot place.

Run only after a fault was found, over text whose tokens are known to be well-formed up
to that fault: one pass, no recursion.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

_TOKENS = re.compile(
    r'(?P<string>"(?:[^"\\]|\\.)*+"?)|(?P<open>[\[{])|(?P<close>[\]}])|(?P<colon>:)|'
    r"(?P<other>[^\s\[\]{}:,\"]+)",
    re.DOTALL,
)
Test = Callable[[str], bool]


def line_and_column(text: str, at: int) -> tuple[int, int]:
    """Both counted from 1."""
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def depth_exceeded(text: str, most: int) -> int | None:
    """Where a bracket opens that is deeper than `most`; brackets in strings do not count."""
    depth = 0
    for found in _TOKENS.finditer(text):
        if found.lastgroup == "open":
            depth += 1
            if depth > most:
                return found.start()
        elif found.lastgroup == "close":
            depth -= 1
    return None


def find_literal(text: str, test: Test) -> int | None:
    """Where the first number or word stands that `test` holds for."""
    return next(
        (f.start() for f in _TOKENS.finditer(text) if f.lastgroup == "other" and test(f.group())),
        None,
    )


def find_string(text: str, test: Test) -> int | None:
    """Where the first string stands whose value `test` holds for."""
    for found in _TOKENS.finditer(text):
        if found.lastgroup == "string" and test(_value_of(found.group())):
            return found.start()
    return None


def find_key(text: str, wrong: Callable[[dict[str, int], str], bool]) -> int | None:
    """Where the first member name stands that is `wrong` after those before it in its object."""
    return next((at for seen, name, at in _keys(text) if wrong(seen, name)), None)


def _keys(text: str) -> Iterator[tuple[dict[str, int], str, int]]:
    """Each member name with the names before it in the same object."""
    objects: list[dict[str, int]] = []
    last: re.Match[str] | None = None
    for found in _TOKENS.finditer(text):
        if found.lastgroup == "open":
            objects.append({})
        elif found.lastgroup == "close" and objects:
            objects.pop()
        elif found.lastgroup == "colon" and last is not None and objects:
            name = _value_of(last.group())
            yield objects[-1], name, last.start()
            objects[-1][name] = last.start()
        last = found if found.lastgroup == "string" else None


def _value_of(token: str) -> str:
    try:
        return str(json.loads(token))
    except ValueError:
        return token
