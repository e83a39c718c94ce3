"""multipart/form-data for requests: fields only (RFC 7578)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from transformer.faults import parse_failed
from transformer.format import Format, formats
from transformer.formats.form import flat_fields

# As browsers do (WHATWG): what would end the quoted name is percent-encoded.
_IN_NAME = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})


@formats.register("multipart")
class MultipartFormat(Format):
    name = "multipart"
    readable = False
    media_types = ("multipart/form-data",)

    def decode(self, raw: bytes, *, charset: str | None, options: Mapping[str, Any]) -> Any:
        raise parse_failed("multipart/form-data can be written here but not read.")

    def encode(self, document: Any, *, options: Mapping[str, Any]) -> bytes:
        boundary = f"hub-{secrets.token_hex(16)}"  # too random to occur in a field
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name.translate(_IN_NAME)}"'
            f"\r\n\r\n{text}\r\n"
            for name, text in flat_fields(document)
        ]
        return ("".join(parts) + f"--{boundary}--\r\n").encode()

    def content_type(self, encoded: bytes) -> str:
        """The boundary is the first line of what was encoded."""
        boundary = encoded[2 : encoded.index(b"\r\n")].decode("ascii").removesuffix("--")
        return f"multipart/form-data; boundary={boundary}"
