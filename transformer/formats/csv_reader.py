"""Rows of text to documents; a row that is wrong does not end the stream."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from transformer.faults import TransformFault, parse_failed, row_fault
from transformer.format import Row
from transformer.formats.cells import typed
from transformer.lines import MAX_LINE

MAX_COLUMNS = 1_000
MAX_FIELD = 1024 * 1024
csv.field_size_limit(MAX_FIELD)  # of the process: nothing else here reads CSV

_NOT_DECODED = re.compile("[\udc80-\udcff]")
_Cells = tuple[int, list[str], TransformFault | None]


def read_rows(lines: Iterable[str], options: Mapping[str, Any]) -> Iterator[Row]:
    """Objects by their columns' names; lists where there are none.

    Bytes that did not fit the character set are surrogates here (`surrogateescape`).
    Raises TransformFailed for a header that cannot be.
    """
    rows = _rows(lines, options)
    names = _names(rows, options)
    kinds = options.get("types", {})
    _check_types(kinds, names)
    for line, cells, fault in rows:
        if fault is not None:
            yield Row(line, None, (fault,))
        elif names is None:
            yield Row(line, cells)
        elif len(cells) != len(names):
            said = f"{len(cells)} fields where there are {len(names)} columns (line {line})."
            yield Row(line, None, (row_fault(said, line=line, expected=f"{len(names)} fields"),))
        else:
            row: dict[str, Any] = dict(zip(names, cells, strict=True))
            faults = tuple(typed(row, kinds, line)) if kinds else ()
            yield Row(line, None if faults else row, faults)


def text_lines(lines: Iterable[tuple[int, bytes | None]]) -> Iterator[str]:
    for number, line in lines:
        if line is None:
            # Where a field began in it, or in one before, cannot be known any more.
            said = f"Not accepted: a line of more than {MAX_LINE >> 20} MiB (line {number})."
            raise parse_failed(said, code="LIMIT_SIZE", line=number)
        yield line.decode("utf-8", "surrogateescape")


def _rows(lines: Iterable[str], options: Mapping[str, Any]) -> Iterator[_Cells]:
    """The line on which each row begins, and its fields. An empty line is no row."""
    reader = csv.reader(
        lines, delimiter=options["delimiter"], quotechar=options["quote"], strict=True
    )
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            last = reader.line_num
            where = f"line {line}" if last <= line else f"lines {line} to {last}"
            yield line, [], row_fault(f"Not CSV: {error} ({where}).", line=line, expected="CSV")
            continue
        if cells:
            yield line, cells, _refusal(line, cells)


def _refusal(line: int, cells: list[str]) -> TransformFault | None:
    if len(cells) > MAX_COLUMNS:
        said = f"Not accepted: more than {MAX_COLUMNS:,} fields in a row (line {line})."
        return row_fault(said, code="LIMIT_SIZE", line=line)
    for number, cell in enumerate(cells, 1):
        if not cell.isascii() and _NOT_DECODED.search(cell):
            said = f"Not utf-8: wrong byte in field {number} (line {line})."
            return row_fault(said, line=line, expected="utf-8")
    return None


def _names(rows: Iterator[_Cells], options: Mapping[str, Any]) -> list[str] | None:
    columns: list[str] | None = options.get("columns")
    if not options.get("header", True):
        return columns
    line, names, fault = next(rows, (1, columns or [], None))
    if fault is not None:
        raise parse_failed(fault.detail, code=fault.code, line=line)
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        said = f"The column {twice[0][:80]!r} stands twice in the header (line {line})."
        raise parse_failed(said, line=line, expected="a name once")
    if columns is not None and names != columns:
        said = f"The header (line {line}) is not {', '.join(columns)[:200]}."
        raise parse_failed(said, line=line, expected=", ".join(columns)[:200])
    return names


def _check_types(kinds: Mapping[str, str], names: list[str] | None) -> None:
    missing = [name for name in kinds if names and name not in names]
    if missing or (kinds and names is None):
        said = f"There is no column {(missing or list(kinds))[0][:80]!r} that `types` speaks of."
        raise parse_failed(said, expected=", ".join(names or ())[:200] or "a header or `columns`")
