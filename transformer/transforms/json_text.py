"""A value as JSON text, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration_hub.lib import jsonsafe
from transformer.transform import DIRECTION, ValueTransform, text_only, transforms


@transforms.register("json_text")
class JsonText(ValueTransform):
    name = "json_text"
    title = "A value as JSON text, and back"
    options = (DIRECTION,)
    takes_lists = True

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        if options["direction"] == "encode":
            return jsonsafe.dumps_text(value)
        try:
            return jsonsafe.loads(text_only(value))
        except jsonsafe.JSONFault as fault:
            raise ValueError(f"takes JSON: {fault}") from None
