"""Apache Parquet: a list of objects by their columns.

Read are integers, floats, decimals (as text, with every digit), text, booleans, dates and times
(ISO 8601 text), bytes (base64), lists, structures and maps of them. When written, a column has
the type that all its values fit; values that fit none in common are refused with their place.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq

from integration_hub.lib import pointers
from integration_hub.lib.errors import TransformFailed
from integration_hub.lib.fields import Field
from transformer.faults import encode_failed, parse_failed
from transformer.format import Format, formats
from transformer.formats.table import names_of
from transformer.types import EXACT

MAX_VALUES = 500_000
MAX_UNPACKED = 64 * 1024 * 1024
MAX_COLUMNS = 1_000
_WIDE = 1 << 63
_COLUMNS = Field(
    "columns",
    "object",
    required=False,
    schema={"type": "array", "items": {"type": "string"}, "minItems": 1, "uniqueItems": True},
    help="The names of the columns that are read, or written, in this order.",
)


@formats.register("parquet")
class ParquetFormat(Format):
    name = "parquet"
    media_types = ("application/vnd.apache.parquet",)
    unasked = False
    fields = (_COLUMNS,)

    def decode(self, raw: bytes, *, charset: str | None, options: Mapping[str, Any]) -> Any:
        try:
            file = pq.ParquetFile(io.BytesIO(raw), arrow_extensions_enabled=False)
            _check_size(file)
            names = options.get("columns")
            _check_names(names, file.schema_arrow.names)
            return _rows(file, names)
        except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
            said = str(error).partition("\n")[0][:200]
            raise parse_failed(f"Not Parquet: {said}.", expected="Parquet") from None

    def encode(self, document: Any, *, options: Mapping[str, Any]) -> bytes:
        names = names_of(document, options)
        if names is None and document:
            raise encode_failed("/0", "Parquet holds a list of objects", "object")
        table = {name: _column(document, name) for name in names or ()}
        out = io.BytesIO()
        try:
            pq.write_table(pa.table(table), out)
        except (pa.ArrowException, ValueError) as error:
            raise encode_failed("", f"Parquet cannot hold it: {str(error)[:200]}") from None
        return out.getvalue()


def _check_size(file: pq.ParquetFile) -> None:
    """What the file says of itself. Raises TransformFailed."""
    meta = file.metadata
    if meta.num_columns > MAX_COLUMNS:
        raise _too_large(f"more than {MAX_COLUMNS:,} columns")
    if meta.num_rows * max(meta.num_columns, 1) > MAX_VALUES:
        raise _too_large(f"more than {MAX_VALUES:,} values")
    if sum(_chunks(file)) > MAX_UNPACKED:
        raise _too_large(f"more than {MAX_UNPACKED >> 20} MiB unpacked")


def _chunks(file: pq.ParquetFile) -> Iterator[int]:
    """How large each part of a column says that it is."""
    meta = file.metadata
    for number in range(meta.num_row_groups):
        group = meta.row_group(number)
        yield from (group.column(at).total_uncompressed_size for at in range(group.num_columns))


def _rows(file: pq.ParquetFile, names: list[str] | None) -> list[Any]:
    """Few rows at a time: a value that a dictionary holds once may stand in every row, and what
    the file says of its own size may be a lie. Raises TransformFailed."""
    found: list[Any] = []
    left = MAX_UNPACKED
    largest = max(_chunks(file), default=0)
    count = max(16, min(1_024, MAX_UNPACKED // max(largest, 1)))
    for packed in file.iter_batches(batch_size=count, columns=names, use_threads=False):
        batch = _without_dictionaries(packed)
        left -= batch.nbytes
        if left < 0:
            raise _too_large(f"more than {MAX_UNPACKED >> 20} MiB unpacked")
        found += [_plain(row) for row in batch.to_pylist()]
    return found


def _without_dictionaries(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Each value where it stands, so that the size is what it will be."""
    columns = [
        column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
        for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _too_large(what: str) -> TransformFailed:
    return parse_failed(f"Not accepted: {what}.", code="LIMIT_SIZE")


def _check_names(names: list[str] | None, known: list[str]) -> None:
    twice = [name for number, name in enumerate(known) if name in known[:number]]
    if twice:
        raise parse_failed(f"The column {twice[0][:80]!r} stands twice.", expected="a name once")
    missing = [name for name in names or () if name not in known]
    if missing:
        said = f"There is no column {missing[0][:80]!r}."
        raise parse_failed(said, expected=", ".join(known)[:200])


def _plain(value: Any) -> Any:
    """The value as JSON has it; what it has not is text, with every digit."""
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return _SCALARS.get(type(value), _as_it_is)(value)


def _as_it_is(value: Any) -> Any:
    if isinstance(value, datetime):  # pandas' kind, where that is installed
        return value.isoformat()
    return value


def _real(value: float) -> float:
    if value - value != 0:  # NaN and the infinities, which no document has
        raise parse_failed(f"A number that JSON has not: {value}.", expected="a finite number")
    return value


_SCALARS: dict[type, Any] = {
    float: _real,
    Decimal: str,
    UUID: str,
    bytes: lambda value: base64.b64encode(value).decode("ascii"),
    datetime: lambda value: value.isoformat(),
    date: lambda value: value.isoformat(),
    time: lambda value: value.isoformat(),
    timedelta: lambda value: value.total_seconds(),
}


def _column(document: Any, name: str) -> pa.Array:
    values = []
    for number, item in enumerate(document):
        if not isinstance(item, Mapping):
            raise encode_failed(pointers.join((number,)), "Parquet holds objects", "object")
        values.append(item.get(name))
    values = _of_one_kind(values, name)
    try:
        column = pa.array(values, from_pandas=False)
    except (pa.ArrowException, OverflowError, UnicodeEncodeError) as error:
        said = str(error).partition("\n")[0][:200]
        raise encode_failed("", f"The column {name[:80]!r} has no type in common: {said}") from None
    if any(isinstance(value, dict | list) for value in values):
        _check_nested(column, values, name)
    return column


def _of_one_kind(values: list[Any], name: str) -> list[Any]:
    """pyarrow would make 1 of true. Raises TransformFailed at the first that differs."""
    first: type | None = None
    fractions = any(type(value) is float for value in values)
    most = EXACT if fractions else _WIDE - 1
    for number, value in enumerate(values):
        if value is None:
            continue
        kind = float if fractions and type(value) is int else type(value)
        first = first or kind
        if kind is not first:
            detail = f"A column has one type, and this one began as {first.__name__}"
            raise encode_failed(pointers.join((number, name)), detail, first.__name__)
        if type(value) is int and abs(value) > most:
            detail = "Parquet has integers up to 64 bits, and beside fractions up to 2^53"
            raise encode_failed(pointers.join((number, name)), detail, "text")
    if not fractions:
        return values
    return [float(value) if type(value) is int else value for value in values]


def _check_nested(column: pa.Array, values: list[Any], name: str) -> None:
    """What is nested must have one shape. Raises TransformFailed at the first that would change."""
    for number, (held, value) in enumerate(zip(column.to_pylist(), values, strict=True)):
        if repr(held) != repr(value):
            detail = "Nested values of a column have one shape: the same members and types"
            raise encode_failed(pointers.join((number, name)), detail)
