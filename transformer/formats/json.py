"""JSON, read strictly: every digit of an integer kept, nothing guessed."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import IO, Any

from integration_hub.lib import jsonsafe
from integration_hub.lib.fields import Field
from transformer.faults import encode_failed, parse_failed
from transformer.format import Format, Row, Streamed, formats
from transformer.formats.json_rows import read_items
from transformer.lines import text_blocks
from transformer.media import to_text
from transformer.rowwise import collected

_ROWS = Field(
    "rows",
    required=False,
    max_length=1_000,
    schema={"pattern": "^(/[^/]+)*/?$"},
    help="Where the array of rows stands: /data/items; / is the document itself.",
)


@formats.register("json")
class JSONFormat(Format, Streamed):
    name = "json"
    fields = (_ROWS,)
    media_types = ("application/json", "text/json")
    suffixes = ("+json",)

    def decode(self, raw: bytes, *, charset: str | None, options: Mapping[str, Any]) -> Any:
        if raw.isspace():
            return None
        if "rows" in options:
            utf8 = to_text(raw, charset).encode()
            return collected(self.rows(io.BytesIO(utf8), charset="utf-8", options=options))
        try:
            return jsonsafe.loads(to_text(raw, charset))
        except jsonsafe.JSONFault as fault:
            raise parse_failed(
                f"Not JSON: {fault.detail} (line {fault.line}, column {fault.column}).",
                line=fault.line,
                column=fault.column,
                expected="JSON",
            ) from None

    def encode(self, document: Any, *, options: Mapping[str, Any]) -> bytes:
        try:
            return jsonsafe.dumps(document)
        except (TypeError, ValueError) as error:
            raise encode_failed("", f"JSON cannot hold this document: {error}") from None

    def rows(
        self, source: IO[bytes], *, charset: str | None, options: Mapping[str, Any]
    ) -> Iterator[Row]:
        path = [name for name in options.get("rows", "").split("/") if name]
        return read_items(text_blocks(source, charset), path)

    def row_writer(self, *, options: Mapping[str, Any]) -> Items:
        return Items()


class Items:
    """One array, an item a line."""

    def __init__(self) -> None:
        self._between = b"\n"

    def head(self) -> bytes:
        return b"["

    def row(self, document: Any) -> bytes:
        written = self._between + jsonsafe.dumps(document)
        self._between = b",\n"
        return written

    def tail(self) -> bytes:
        return b"\n]\n"
