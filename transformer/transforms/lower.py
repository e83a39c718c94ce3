"""Small letters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transformer.transform import ValueTransform, text_only, transforms


@transforms.register("lower")
class Lower(ValueTransform):
    name = "lower"
    title = "Small letters"

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        return text_only(value).lower()
