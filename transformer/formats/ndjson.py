"""Newline-delimited JSON (ndjson.org, JSON Lines): one document a line; as a document, a list."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import IO, Any

from integration_hub.lib import jsonsafe
from transformer.faults import encode_failed, row_fault
from transformer.format import Format, Row, Streamed, formats
from transformer.lines import lines_of, too_long
from transformer.media import to_text
from transformer.rowwise import collected


@formats.register("ndjson")
class NDJSONFormat(Format, Streamed):
    name = "ndjson"
    media_types = ("application/x-ndjson", "application/jsonl", "application/jsonlines")

    def decode(self, raw: bytes, *, charset: str | None, options: Mapping[str, Any]) -> Any:
        utf8 = to_text(raw, charset).encode()
        return collected(self.rows(io.BytesIO(utf8), charset="utf-8", options=options))

    def encode(self, document: Any, *, options: Mapping[str, Any]) -> bytes:
        if not isinstance(document, list):
            raise encode_failed("", "NDJSON holds a list, one line an item", "list")
        return b"".join(jsonsafe.dumps(item) + b"\n" for item in document)

    def rows(
        self, source: IO[bytes], *, charset: str | None, options: Mapping[str, Any]
    ) -> Iterator[Row]:
        for number, line in lines_of(source, charset):
            if line is None:
                yield too_long(number)
            elif not line.isspace():
                yield _row(number, line)

    def row_writer(self, *, options: Mapping[str, Any]) -> Lines:
        return Lines()


class Lines:
    def head(self) -> bytes:
        return b""

    def row(self, document: Any) -> bytes:
        return jsonsafe.dumps(document) + b"\n"

    def tail(self) -> bytes:
        return b""


def _row(number: int, line: bytes) -> Row:
    try:
        return Row(number, jsonsafe.loads(line))
    except jsonsafe.JSONFault as fault:
        said = f"Not JSON: {fault.detail} (line {number}, column {fault.column})."
        wrong = row_fault(said, line=number, column=fault.column, expected="JSON")
        return Row(number, None, (wrong,))
