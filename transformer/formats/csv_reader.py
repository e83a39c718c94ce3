"""Rows of text to a list; every row that is wrong is told, up to a hundred."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from transformer.faults import MAX_FAULTS, TransformFault, parse_failed, parse_failures, row_fault
from transformer.formats.cells import typed

MAX_COLUMNS = 10_000
_Row = tuple[int, list[str]]


def read_rows(text: str, options: Mapping[str, Any]) -> list[Any]:
    """Objects by their columns' names; lists where there are none. Raises TransformFailed."""
    rows = _rows(text, options)
    names = _names(rows, options)
    kinds = options.get("types", {})
    _check_types(kinds, names)
    found: list[Any] = []
    faults: list[TransformFault] = []
    for line, cells in rows:
        if names is None:
            found.append(cells)
        elif len(cells) != len(names):
            said = f"{len(cells)} fields where there are {len(names)} columns (line {line})."
            faults.append(row_fault(said, line=line, expected=f"{len(names)} fields"))
        else:
            row: dict[str, Any] = dict(zip(names, cells, strict=True))
            faults += typed(row, kinds, line)
            found.append(row)
        if len(faults) >= MAX_FAULTS:
            break
    if faults:
        raise parse_failures(faults[:MAX_FAULTS])
    return found


def _rows(text: str, options: Mapping[str, Any]) -> Iterator[_Row]:
    """The line on which each row begins, and its fields. An empty line is no row."""
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=options["delimiter"],
        quotechar=options["quote"],
        strict=True,
    )
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            said = f"Not CSV: {error} (line {line})."
            raise parse_failed(said, line=line, expected="CSV") from None
        if len(cells) > MAX_COLUMNS:
            said = f"Not accepted: more than {MAX_COLUMNS:,} fields in a row (line {line})."
            raise parse_failed(said, code="LIMIT_SIZE", line=line)
        if cells:
            yield line, cells


def _names(rows: Iterator[_Row], options: Mapping[str, Any]) -> list[str] | None:
    columns: list[str] | None = options.get("columns")
    if not options.get("header", True):
        return columns
    line, names = next(rows, (1, columns or []))
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
