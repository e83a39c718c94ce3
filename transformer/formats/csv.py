"""Comma-separated values (RFC 4180): a list of objects by the header, or of lists without one.

Everything that is read is text, unless `types` asks for more. Null and empty text are
written alike. Text that a spreadsheet would take for a formula is written with a leading
apostrophe, unless `raw` is chosen (OWASP, CSV injection).
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import IO, Any, ClassVar

from integration_hub.lib.fields import Field
from transformer.format import Format, Row, Streamed, formats
from transformer.formats.csv_reader import read_rows, text_lines
from transformer.formats.csv_writer import CSVWriter, write_rows
from transformer.lines import lines_of
from transformer.media import to_text
from transformer.rowwise import collected
from transformer.types import TYPE_NAMES

_NAMES = {"type": "array", "items": {"type": "string"}, "minItems": 1, "uniqueItems": True}
_KINDS = sorted(set(TYPE_NAMES) - {"array", "object", "enum"})
_CHARACTER = {"minLength": 1, "maxLength": 1, "pattern": "^[^\\r\\n]$"}
HEADER = Field("header", "boolean", required=False, default=True, help="The first row has names.")
COLUMNS = Field(
    "columns",
    "object",
    required=False,
    schema=_NAMES,
    help="The names, where no header says them; when written, these and in this order.",
)
TYPES = Field(
    "types",
    "object",
    required=False,
    schema={"additionalProperties": {"enum": _KINDS}},
    help="Column to type; a type that is not text reads an empty field as null.",
)
RAW = Field("raw", "boolean", required=False, default=False, help="Formulas are written as such.")


@formats.register("csv")
class CSVFormat(Format, Streamed):
    name = "csv"
    media_types = ("text/csv",)
    unasked = False
    delimiter: ClassVar[str] = ","
    fields = (
        HEADER,
        COLUMNS,
        TYPES,
        RAW,
        Field("delimiter", required=False, schema=_CHARACTER, help="Not said: comma, or tab."),
        Field("quote", required=False, default='"', schema=_CHARACTER),
    )

    def decode(self, raw: bytes, *, charset: str | None, options: Mapping[str, Any]) -> Any:
        lines = io.StringIO(to_text(raw, charset), newline="")
        return collected(read_rows(lines, self._completed(options)))

    def encode(self, document: Any, *, options: Mapping[str, Any]) -> bytes:
        return write_rows(document, self._completed(options)).encode()

    def rows(
        self, source: IO[bytes], *, charset: str | None, options: Mapping[str, Any]
    ) -> Iterator[Row]:
        return read_rows(text_lines(lines_of(source, charset)), self._completed(options))

    def row_writer(self, *, options: Mapping[str, Any]) -> CSVWriter:
        """The columns are those of the first row, unless `columns` says them."""
        return CSVWriter(self._completed(options))

    def content_type(self, encoded: bytes) -> str:
        return f"{self.media_types[0]}; charset=utf-8"

    def _completed(self, options: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"delimiter": self.delimiter, "quote": '"', **options}
