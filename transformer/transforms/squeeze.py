"""One space where there are several, line breaks and tabs among them; none at the ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transformer.transform import ValueTransform, text_only, transforms


@transforms.register("squeeze")
class Squeeze(ValueTransform):
    name = "squeeze"
    title = "One space where there are several"

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        return " ".join(text_only(value).split())
