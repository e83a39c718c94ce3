"""A document of rows, by the same code as a stream of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from transformer.faults import MAX_FAULTS, TransformFault, parse_failed, parse_failures
from transformer.format import Row, RowWriter

MAX_ROWS = 250_000


def collected(rows: Iterable[Row]) -> list[Any]:
    """Every row's document. Raises TransformFailed with what is wrong, up to a hundred."""
    documents: list[Any] = []
    faults: list[TransformFault] = []
    for number, row in enumerate(rows):
        if number >= MAX_ROWS:
            said = f"Not accepted: more than {MAX_ROWS:,} rows at once"
            raise parse_failed(f"{said}; `manage.py convert` has no limit.", code="LIMIT_SIZE")
        faults += row.faults
        if len(faults) >= MAX_FAULTS:
            break
        if not faults:
            documents.append(row.document)
    if faults:
        raise parse_failures(faults[:MAX_FAULTS])
    return documents


def joined(writer: RowWriter, documents: Iterable[Any]) -> bytes:
    """The whole stream. Raises TransformFailed at the first row that does not fit."""
    return b"".join((writer.head(), *(writer.row(item) for item in documents), writer.tail()))
