"""Plain text, and every other text/* type without a format of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from transformer.faults import encode_failed
from transformer.format import Format, formats
from transformer.media import to_text
from transformer.scalars import text_of

_LOOKED_AT = 1024
_HTML = re.compile(
    rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|meta)\b", re.IGNORECASE | re.DOTALL
)
_META = re.compile(rb"<meta\b[^>]*?\bcharset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)


@formats.register("text")
class TextFormat(Format):
    name = "text"
    media_types = ("text/plain", "text/markdown", "text/css")

    def decode(self, raw: bytes, *, charset: str | None, options: Mapping[str, Any]) -> Any:
        return to_text(raw, charset or declared_charset(raw))

    def encode(self, document: Any, *, options: Mapping[str, Any]) -> bytes:
        text = text_of(document)
        if text is None:
            raise encode_failed("", "Text cannot hold an object or an array", "one value")
        return text.encode()

    def content_type(self, encoded: bytes) -> str:
        return "text/plain; charset=utf-8"

    def reads(self, essence: str) -> bool:
        return essence.startswith("text/")


def declared_charset(raw: bytes) -> str | None:
    """What an HTML document says of itself in its first 1,024 bytes; None for other text.

    A declaration that could be read as ASCII cannot mean UTF-16 (HTML 4.2.5, the
    encoding sniffing algorithm).
    """
    head = raw[:_LOOKED_AT]
    found = _META.search(head) if _HTML.match(head) else None
    if found is None:
        return None
    name = found[1].decode("ascii")
    return "utf-8" if name.lower().startswith("utf-16") else name
