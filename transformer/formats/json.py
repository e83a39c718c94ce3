"""JSON, read strictly: every digit of an integer kept, nothing guessed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration_hub.lib import jsonsafe
from transformer.faults import encode_failed, parse_failed
from transformer.format import Format, formats
from transformer.media import to_text


@formats.register("json")
class JSONFormat(Format):
    name = "json"
    media_types = ("application/json", "text/json")
    suffixes = ("+json",)

    def decode(self, raw: bytes, *, charset: str | None, options: Mapping[str, Any]) -> Any:
        if raw.isspace():
            return None
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
