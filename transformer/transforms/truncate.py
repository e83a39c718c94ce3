"""Text of at most a certain length."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration_hub.lib.fields import Field
from transformer.transform import ValueTransform, text_only, transforms


@transforms.register("truncate")
class Truncate(ValueTransform):
    name = "truncate"
    title = "Text of at most a certain length"
    options = (
        Field(
            "length", kind="integer", schema={"minimum": 1}, help="Characters, `end` among them."
        ),
        Field("end", required=False, default="", max_length=20, help="What shows the cut: …"),
    )

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        text, length, end = text_only(value), options["length"], options.get("end", "")
        return text if len(text) <= length else text[: length - len(end)] + end

    def check(self, options: Mapping[str, Any]) -> str:
        if len(options.get("end", "")) > options["length"]:
            return "`end` is longer than `length`."
        return ""
