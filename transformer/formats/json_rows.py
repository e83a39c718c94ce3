"""The items of one JSON array, however long, each read strictly by itself.

The array is the document, or stands at a path of names (`/data/items`); what comes after it is
not read then. An item with a fault of its own (a doubled key, NaN, a lone surrogate) is a bad
row; text that is no JSON ends the stream, since nobody could say where the next item begins.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import TransformFailed
from transformer.faults import parse_failed, row_fault
from transformer.format import Row

MAX_ITEM = 4 * 1024 * 1024
_SPACE = " \t\r\n"
_plain = json.JSONDecoder()


def read_items(blocks: Iterator[str], path: Sequence[str]) -> Iterator[Row]:
    """Raises TransformFailed with line and column where no more can be read."""
    return _Items(blocks).rows(path)


class _Items:
    """A window on the text: `_at` is the next character. `_line` and `_column` say where
    `_marked` is, which follows behind."""

    def __init__(self, blocks: Iterator[str]) -> None:
        self._blocks = blocks
        self._text, self._at = "", 0
        self._marked, self._line, self._column = 0, 1, 1
        self._ended = False

    def rows(self, path: Sequence[str]) -> Iterator[Row]:
        for name in path:
            self._enter(name)
        self._take("[", "an array" if not path else f"an array at /{'/'.join(path)[:200]}")
        if self._next() == "]":
            self._at += 1
        else:
            yield from self._all()
        if not path and self._next():
            raise self._failed("text after the array")

    def _all(self) -> Iterator[Row]:
        while True:
            yield self._item()
            mark = self._next()
            if mark not in (",", "]") or not mark:
                raise self._failed("expecting ',' or ']'")
            self._at += 1
            if mark == "]":
                return
            if self._next() == "]":
                raise self._failed("a comma before the end of the array")

    def _enter(self, name: str) -> None:
        """Go to the value of a member. Raises TransformFailed if there is none."""
        self._take("{", f"an object with {name[:80]!r}")
        if self._next() != "}":
            while True:
                found = self._whole()
                if not isinstance(found, str):
                    raise self._failed("expecting the name of a member")
                self._take(":", "':'")
                if found == name:
                    return
                self._next()
                self._whole()
                if self._next() != ",":
                    break
                self._at += 1
                self._next()
        raise self._failed(f"there is no member {name[:80]!r}")

    def _item(self) -> Row:
        self._next()
        line, column = self._place()
        start = self._at
        self._whole_end(start)
        text = self._text[start : self._at]
        try:
            return Row(line, jsonsafe.loads(text))
        except jsonsafe.JSONFault as fault:
            # The reader counts from the item's first character.
            column = fault.column + (column - 1 if fault.line == 1 else 0)
            line += fault.line - 1
            said = f"Not JSON: {fault.detail} (line {line}, column {column})."
            wrong = row_fault(said, line=line, column=column, expected="JSON")
            return Row(line, None, (wrong,))

    def _whole(self) -> Any:
        """A value that only shows the way."""
        start = self._at
        self._whole_end(start)
        return _plain.raw_decode(self._text, start)[0]

    def _whole_end(self, start: int) -> None:
        """Move behind the value at `start`, reading as much as it takes, up to MAX_ITEM."""
        wanted = len(self._text) - start
        while (end := self._end(start)) is None:
            if len(self._text) - start > MAX_ITEM:
                said = f"no end of it within {MAX_ITEM >> 20} MiB"
                raise self._failed(f"an item too large, or not JSON: {said}", "LIMIT_SIZE")
            # Twice as much each time, so that a large item is not begun anew too often.
            wanted *= 2
            while len(self._text) - start < wanted and not self._ended:
                self._more()
        self._at = end

    def _end(self, start: int) -> int | None:
        """Where the value at `start` ends; None if more must be read to know."""
        try:
            end = _plain.raw_decode(self._text, start)[1]
        except json.JSONDecodeError as error:
            if not self._ended:
                return None
            self._at = error.pos
            raise self._failed(error.msg) from None
        except (RecursionError, ValueError):
            raise self._failed("nested too deep, or a number too long", "LIMIT_DEPTH") from None
        # A number at the end of what was read may go on.
        return end if end < len(self._text) or self._ended else None

    def _next(self) -> str:
        """The next character that is not space, or "" at the end; drops what was read."""
        while True:
            text, at = self._text, self._at
            while at < len(text) and text[at] in _SPACE:
                at += 1
            self._at = at
            if at < len(text):
                if at > 1 << 16:
                    self._drop()
                return self._text[self._at]
            if self._ended:
                return ""
            self._drop()
            self._more()

    def _more(self) -> None:
        block = next(self._blocks, None)
        if block is None:
            self._ended = True
        else:
            self._text += block

    def _drop(self) -> None:
        self._place()
        self._text, self._at, self._marked = self._text[self._at :], 0, 0

    def _place(self) -> tuple[int, int]:
        lines = self._text.count("\n", self._marked, self._at)
        if lines:
            self._line += lines
            self._column = self._at - self._text.rfind("\n", 0, self._at)
        else:
            self._column += self._at - self._marked
        self._marked = self._at
        return self._line, self._column

    def _take(self, mark: str, what: str) -> None:
        if self._next() != mark:
            raise self._failed(f"expecting {what}")
        self._at += 1

    def _failed(self, said: str, code: str = "FORMAT_PARSE") -> TransformFailed:
        line, column = self._place()
        return parse_failed(
            f"Not JSON: {said} (line {line}, column {column}).",
            code=code,
            line=line,
            column=column,
            expected="JSON",
        )
