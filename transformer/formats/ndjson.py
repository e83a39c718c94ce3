"""Newline-delimited JSON (ndjson.org, JSON Lines): one document a line; as a document, a list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration_hub.lib import jsonsafe
from transformer.faults import MAX_FAULTS, encode_failed, parse_failures, row_fault
from transformer.format import Format, formats
from transformer.media import to_text


@formats.register("ndjson")
class NDJSONFormat(Format):
    name = "ndjson"
    media_types = ("application/x-ndjson", "application/jsonl", "application/jsonlines")

    def decode(self, raw: bytes, *, charset: str | None, options: Mapping[str, Any]) -> Any:
        documents: list[Any] = []
        faults = []
        for number, line in enumerate(to_text(raw, charset).split("\n"), 1):
            if not line or line.isspace():
                continue
            try:
                documents.append(jsonsafe.loads(line))
            except jsonsafe.JSONFault as fault:
                said = f"Not JSON: {fault.detail} (line {number}, column {fault.column})."
                faults.append(row_fault(said, line=number, column=fault.column, expected="JSON"))
                if len(faults) == MAX_FAULTS:
                    break
        if faults:
            raise parse_failures(faults)
        return documents

    def encode(self, document: Any, *, options: Mapping[str, Any]) -> bytes:
        if not isinstance(document, list):
            raise encode_failed("", "NDJSON holds a list, one line an item", "list")
        return b"".join(jsonsafe.dumps(item) + b"\n" for item in document)
