"""Text as base64 of its UTF-8 bytes (RFC 4648), and back."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from integration_hub.lib.fields import Field
from transformer.transform import DIRECTION, ValueTransform, text_only, transforms

_URL = str.maketrans("-_", "+/")


@transforms.register("base64")
class Base64(ValueTransform):
    name = "base64"
    title = "Text as base64, and back"
    options = (
        DIRECTION,
        Field(
            "url",
            kind="boolean",
            required=False,
            default=False,
            help="The letters of addresses, without padding; when read both are understood.",
        ),
    )

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        text = text_only(value)
        if options["direction"] == "decode":
            return _decoded(text)
        if options.get("url", False):
            return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
        return base64.b64encode(text.encode()).decode()


def _decoded(text: str) -> str:
    plain = text.translate(_URL).rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
        raise ValueError("takes base64 of UTF-8 text") from None
