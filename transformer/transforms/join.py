"""A list to one text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration_hub.lib.fields import Field
from transformer.scalars import text_of
from transformer.transform import ValueTransform, list_only, transforms


@transforms.register("join")
class Join(ValueTransform):
    name = "join"
    title = "A list to one text"
    options = (Field("separator", required=False, default="", help="What goes between."),)
    takes_lists = True

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        parts = [text_of(item) for item in list_only(value)]
        if None in parts:
            raise ValueError("takes a list of single values")
        return options.get("separator", "").join(part for part in parts if part is not None)
