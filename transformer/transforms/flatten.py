"""A list of lists as one list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transformer.transform import ValueTransform, list_only, transforms


@transforms.register("flatten")
class Flatten(ValueTransform):
    name = "flatten"
    title = "A list of lists as one list"
    takes_lists = True

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        flat: list[Any] = []
        for item in list_only(value):
            flat.extend(item) if isinstance(item, list) else flat.append(item)
        return flat
