"""Remove space from both ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transformer.transform import ValueTransform, text_only, transforms


@transforms.register("trim")
class Trim(ValueTransform):
    name = "trim"
    title = "Remove space from both ends"

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        return text_only(value).strip()
