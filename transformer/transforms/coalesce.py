"""The first of a list that is neither null nor an empty text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transformer.transform import ValueTransform, list_only, transforms


@transforms.register("coalesce")
class Coalesce(ValueTransform):
    name = "coalesce"
    title = "The first that is not empty"
    takes_lists = True

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        return next((item for item in list_only(value) if item is not None and item != ""), None)
