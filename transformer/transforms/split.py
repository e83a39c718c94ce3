"""Text to a list of its parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration_hub.lib.fields import Field
from transformer.transform import ValueTransform, text_only, transforms


@transforms.register("split")
class Split(ValueTransform):
    name = "split"
    title = "Text to a list of its parts"
    options = (Field("separator", help="What stands between the parts."),)

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        text = text_only(value)
        return text.split(options["separator"]) if text else []
