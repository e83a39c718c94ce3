"""A table to rows of text."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from typing import Any

from integration_hub.lib import pointers
from transformer.faults import encode_failed
from transformer.formats.table import cells_of, names_of
from transformer.scalars import text_of

_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?[0-9][0-9., ]*\Z")


def write_rows(document: Any, options: Mapping[str, Any]) -> str:
    """Raises TransformFailed with the place of what is no single value."""
    names = names_of(document, options)
    writer = CSVWriter(options)
    writer.begin(names)
    for number, item in enumerate(document):
        writer.add(item, number)
    return writer.taken()


class CSVWriter:
    """Row after row. Without `columns` the first row has the columns, and no other has more."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = options
        self._out = io.StringIO()
        self._writer = csv.writer(
            self._out, delimiter=options["delimiter"], quotechar=options["quote"]
        )
        self._names: list[str] | None = None
        self._begun = False

    def begin(self, names: list[str] | None) -> None:
        self._begun, self._names = True, names
        if names and self._options.get("header", True):
            self._writer.writerow([_cell(name, self._options) for name in names])

    def add(self, item: Any, number: int | None = None) -> None:
        """Raises TransformFailed, and nothing of the row is written."""
        at = () if number is None else (number,)
        cells = cells_of(item, self._names, at)
        row = [_text(value, (*at, name), self._options) for name, value in cells]
        self._writer.writerow(row)

    def taken(self) -> str:
        """What was written since the last time."""
        text = self._out.getvalue()
        self._out.seek(0)
        self._out.truncate()
        return text

    def head(self) -> bytes:
        return b""

    def row(self, document: Any) -> bytes:
        if not self._begun:
            self.begin(names_of([document], self._options))
            try:
                self.add(document)
            except Exception:
                self._begun = False  # the next row says the columns
                self.taken()
                raise
        else:
            self.add(document)
        return self.taken().encode()

    def tail(self) -> bytes:
        if not self._begun and self._options.get("columns"):
            self.begin(self._options["columns"])  # no rows: the header alone
        return self.taken().encode()


def _text(value: Any, place: tuple[Any, ...], options: Mapping[str, Any]) -> str:
    text = text_of(value)
    if text is None:
        raise encode_failed(pointers.join(place), "A field cannot hold nested values", "one value")
    return _cell(text, options) if isinstance(value, str) else text


def _cell(text: str, options: Mapping[str, Any]) -> str:
    if not options.get("raw", False) and _FORMULA.match(text) and not _NUMBER.match(text):
        return "'" + text
    return text
