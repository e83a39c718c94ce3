"""Text as hexadecimal digits of its UTF-8 bytes, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transformer.transform import DIRECTION, ValueTransform, text_only, transforms


@transforms.register("hex")
class Hex(ValueTransform):
    name = "hex"
    title = "Text as hexadecimal digits, and back"
    options = (DIRECTION,)

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        text = text_only(value)
        if options["direction"] == "encode":
            return text.encode().hex()
        try:
            return bytes.fromhex(text).decode()
        except ValueError:
            raise ValueError("takes hexadecimal digits of UTF-8 text") from None
