"""Text as it stands in an address (RFC 3986), and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

from integration_hub.lib.fields import Field
from transformer.transform import DIRECTION, ValueTransform, text_only, transforms


@transforms.register("percent")
class Percent(ValueTransform):
    name = "percent"
    title = "Text as it stands in an address, and back"
    options = (
        DIRECTION,
        Field(
            "keep", required=False, default="", max_length=50, help="Characters left as they are."
        ),
    )

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        text = text_only(value)
        if options["direction"] == "encode":
            return quote(text, safe=options.get("keep", ""))
        try:
            return unquote(text, errors="strict")
        except UnicodeDecodeError:
            raise ValueError("takes percent-encoded UTF-8") from None
