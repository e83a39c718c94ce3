"""Plain text, and every other text/* type without a format of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transformer.faults import encode_failed
from transformer.format import Format, formats
from transformer.media import to_text
from transformer.scalars import text_of


@formats.register("text")
class TextFormat(Format):
    name = "text"
    media_types = ("text/plain", "text/html", "text/csv", "text/markdown", "text/css")

    def decode(self, raw: bytes, *, charset: str | None, options: Mapping[str, Any]) -> Any:
        return to_text(raw, charset)

    def encode(self, document: Any, *, options: Mapping[str, Any]) -> bytes:
        text = text_of(document)
        if text is None:
            raise encode_failed("", "Text cannot hold an object or an array", "one value")
        return text.encode()

    def content_type(self, encoded: bytes) -> str:
        return "text/plain; charset=utf-8"

    def reads(self, essence: str) -> bool:
        return essence.startswith("text/")
