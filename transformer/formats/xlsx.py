"""Excel workbooks (Office Open XML, ECMA-376): one sheet, its rows by the header.

Cells keep their kind: numbers, truths, text; dates become ISO 8601 text. Of a formula the
value that was last calculated is read. Text is written as text, never as a formula.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from itertools import zip_longest
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.utils.exceptions import InvalidFileException

from integration_hub.lib import pointers
from integration_hub.lib.errors import TransformFailed
from integration_hub.lib.fields import Field
from transformer.faults import encode_failed, parse_failed
from transformer.format import Format, formats
from transformer.formats.csv import COLUMNS, HEADER
from transformer.formats.table import cells_of, names_of
from transformer.types import EXACT

MAX_UNPACKED = 64 * 1024 * 1024
MAX_CELLS = 200_000
MAX_RATIO = 100  # unpacked to packed; what is small may be dense
FREE = 8 * 1024 * 1024
MAX_COLUMNS = 16_384
MAX_TEXT = 32_767  # what one cell of Excel holds
_BLOCK = 65_536
_DOCTYPES = (b"<!DOCTYPE", "<!DOCTYPE".encode("utf-16-le"), "<!DOCTYPE".encode("utf-16-be"))


@formats.register("xlsx")
class XLSXFormat(Format):
    name = "xlsx"
    media_types = ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",)
    unasked = False
    fields = (
        Field("sheet", required=False, max_length=31, help="Its name; not said: the first."),
        HEADER,
        COLUMNS,
    )

    def decode(self, raw: bytes, *, charset: str | None, options: Mapping[str, Any]) -> Any:
        _refuse_bombs(raw)
        try:
            book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True, keep_links=False)
        except (
            InvalidFileException,
            zipfile.BadZipFile,
            KeyError,
            ValueError,
            SyntaxError,
        ) as error:
            raise _no_workbook(error) from None
        rows = _rows(book, options.get("sheet"))
        names = options.get("columns")
        if options.get("header", True):
            names = _header(rows.pop(0) if rows else [])
        if names is None:
            return rows
        return [_named(row, names, number) for number, row in enumerate(rows)]

    def encode(self, document: Any, *, options: Mapping[str, Any]) -> bytes:
        names = names_of(document, options)
        if len(document) * max(len(names or ()), 1) > MAX_CELLS:
            detail = f"A workbook has at most {MAX_CELLS:,} cells here"
            raise encode_failed("", detail, "fewer rows; csv has no limit")
        rows = [
            [_held(value, (number, at)) for at, value in cells_of(item, names, (number,))]
            for number, item in enumerate(document)
        ]
        if names and options.get("header", True):
            rows.insert(0, [_held(name, (0, name)) for name in names])
        book = Workbook(write_only=True)
        sheet = book.create_sheet(options.get("sheet", "Sheet1"))
        for row in rows:
            sheet.append([_cell(sheet, value) for value in row])
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()


def _refuse_bombs(raw: bytes) -> None:
    """Unpack it once, block by block: what the archive says of its own size may be a lie."""
    left = min(MAX_UNPACKED, max(FREE, MAX_RATIO * len(raw)))
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            for name in archive.namelist():
                tail = b""
                with archive.open(name) as member:
                    while block := member.read(_BLOCK):
                        left -= len(block)
                        if left < 0:
                            raise _bomb()
                        if any(mark in tail + block for mark in _DOCTYPES):
                            raise parse_failed("Not accepted: a DOCTYPE in the workbook.")
                        tail = block[-32:]
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise _no_workbook(error) from None


def _bomb() -> TransformFailed:
    said = f"more than {MAX_UNPACKED >> 20} MiB unpacked, or {MAX_RATIO} times its packed size"
    return parse_failed(f"Not accepted: {said}.", code="LIMIT_SIZE")


def _no_workbook(error: Exception) -> TransformFailed:
    return parse_failed(f"Not a workbook: {str(error)[:200]}.", expected="XLSX")


def _rows(book: Any, name: str | None) -> list[list[Any]]:
    if name is not None and name not in book.sheetnames:
        known = ", ".join(book.sheetnames)[:200]
        raise parse_failed(f"There is no sheet {name!r}.", expected=known)
    sheets = book.worksheets
    if not sheets:
        raise parse_failed("The workbook has no sheet of cells.", expected="a sheet")
    sheet = book[name] if name is not None else sheets[0]
    sheet.reset_dimensions()  # what the file says of its own extent may be a lie
    rows, cells = [], 0
    try:
        for row in sheet.iter_rows(values_only=True):
            cells += len(row) + 1
            if cells > MAX_CELLS or len(row) > MAX_COLUMNS:
                raise parse_failed(
                    f"Not accepted: more than {MAX_CELLS:,} cells.", code="LIMIT_SIZE"
                )
            rows.append([_value(value) for value in row])
    except (ValueError, KeyError, SyntaxError, OverflowError) as error:
        raise _no_workbook(error) from None
    while rows and not any(value is not None for value in rows[-1]):
        rows.pop()
    return rows


def _value(value: Any) -> Any:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value


def _header(row: list[Any]) -> list[str]:
    while row and row[-1] is None:
        row.pop()
    names = [str(value) if value is not None else "" for value in row]
    for number, name in enumerate(names):
        if not name or name in names[:number]:
            said = f"The header's column {number + 1} has no name of its own."
            raise parse_failed(said, line=1, column=number + 1, expected="a name once")
    return names


def _named(row: list[Any], names: list[str], number: int) -> dict[str, Any]:
    if any(value is not None for value in row[len(names) :]):
        said = f"A row has more cells than the {len(names)} columns (row {number + 2})."
        raise parse_failed(said, line=number + 2, expected=f"{len(names)} cells")
    return dict(zip_longest(names, row[: len(names)]))


def _held(value: Any, place: tuple[Any, ...]) -> Any:
    """The value, if a cell can hold it. Raises TransformFailed."""
    at = pointers.join(place)
    if isinstance(value, list | dict):
        raise encode_failed(at, "A cell cannot hold nested values", "one value")
    if isinstance(value, int) and abs(value) > EXACT:
        raise encode_failed(at, "Excel rounds an integer above 2^53; make it text", "text")
    if isinstance(value, str) and len(value) > MAX_TEXT:
        raise encode_failed(at, f"A cell holds at most {MAX_TEXT:,} characters", "a shorter text")
    if isinstance(value, str) and ILLEGAL_CHARACTERS_RE.search(value):
        raise encode_failed(at, "A control character that a workbook cannot hold")
    return value


def _cell(sheet: Any, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    cell = WriteOnlyCell(sheet, value)
    cell.data_type = "s"  # `=1+1` is text here
    return cell
