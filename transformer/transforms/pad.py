"""Text of at least a certain length."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration_hub.lib.fields import Field
from transformer.transform import ValueTransform, choice, text_only, transforms

MAX_LENGTH = 1_000


@transforms.register("pad")
class Pad(ValueTransform):
    name = "pad"
    title = "Text of at least a certain length"
    options = (
        Field("length", kind="integer", schema={"minimum": 1, "maximum": MAX_LENGTH}),
        Field("with", required=False, default=" ", schema={"minLength": 1, "maxLength": 1}),
        choice("side", ("left", "right"), default="left", says="Where what is missing goes."),
    )

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        text, fill = text_only(value), options.get("with", " ")
        if options.get("side", "left") == "left":
            return text.rjust(options["length"], fill)
        return text.ljust(options["length"], fill)
