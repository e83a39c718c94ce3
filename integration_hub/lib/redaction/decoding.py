"""One layer of URL, JSON, HTML or source-code escapes undone, with the way back.

Nested escapes are undone layer by layer; a place found in a lower layer is traced
back to the characters of the original that it came from.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator

MAX_LAYERS = 5

Span = tuple[int, int]

_ESCAPE = re.compile(
    r"%[0-7][0-9A-Fa-f]|(?:%[89A-Fa-f][0-9A-Fa-f])+"
    r"|\\u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}"
    r"|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}|\\x[0-9A-Fa-f]{2}|\\[\"'\\/bfnrt]"
    r"|&(?:[A-Za-z][A-Za-z0-9]{1,9}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});"
)
_SHORT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class Layer:
    """`text` is the outer text with one layer of escapes undone."""

    __slots__ = ("_inner_ends", "_inner_starts", "_outer_ends", "_outer_starts", "text")

    def __init__(self, outer: str) -> None:
        self._inner_starts: list[int] = []
        self._inner_ends: list[int] = []
        self._outer_starts: list[int] = []
        self._outer_ends: list[int] = []
        pieces: list[str] = []
        length = last = 0
        for match in _ESCAPE.finditer(outer):
            plain = _undo(match.group())
            start, end = match.span()
            pieces += (outer[last:start], plain)
            length += start - last
            self._inner_starts.append(length)
            length += len(plain)
            self._inner_ends.append(length)
            self._outer_starts.append(start)
            self._outer_ends.append(end)
            last = end
        pieces.append(outer[last:])
        self.text = "".join(pieces)

    @property
    def changed(self) -> bool:
        return bool(self._inner_starts)

    def outward(self, span: Span) -> Span:
        """The characters of the outer text that `span` of this one came from."""
        return self._start(span[0]), self._end(span[1])

    def _start(self, at: int) -> int:
        index = bisect_right(self._inner_starts, at) - 1
        if index < 0:
            return at
        if at < self._inner_ends[index]:
            return self._outer_starts[index]
        return self._outer_ends[index] + at - self._inner_ends[index]

    def _end(self, at: int) -> int:
        index = bisect_left(self._inner_starts, at) - 1
        if index < 0:
            return at
        if at <= self._inner_ends[index]:
            return self._outer_ends[index]
        return self._outer_ends[index] + at - self._inner_ends[index]


def has_escapes(text: str) -> bool:
    return "\\" in text or "%" in text or "&" in text


def layers(text: str) -> Iterator[Layer]:
    """Each layer below `text`, outermost first, until nothing is left to undo."""
    for _ in range(MAX_LAYERS):
        if not has_escapes(text):
            return
        layer = Layer(text)
        if not layer.changed:
            return
        yield layer
        text = layer.text


def innermost(text: str) -> str:
    """`text` with every layer undone."""
    for layer in layers(text):
        text = layer.text
    return text


def _undo(escape: str) -> str:
    if escape[0] == "%":
        return bytes.fromhex(escape.replace("%", "")).decode("utf-8", "replace")
    if escape[0] == "&":
        return html.unescape(escape)
    kind = escape[1]
    if kind == "u" and len(escape) == 12:
        units = bytes.fromhex(escape[2:6] + escape[8:12])
        return units.decode("utf-16-be", "replace")
    if kind in "uxU" and len(escape) > 2:
        digits = escape[2:]
        number = int(digits, 16)
        return chr(number) if number < 0x110000 else "\ufffd"
    return _SHORT.get(kind, kind)
