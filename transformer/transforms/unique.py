"""Each item of a list once, as first met; 1, "1" and true are three."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration_hub.lib import jsonsafe
from transformer.transform import ValueTransform, list_only, transforms


@transforms.register("unique")
class Unique(ValueTransform):
    name = "unique"
    title = "Each item once"
    takes_lists = True

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        met: dict[str, Any] = {}
        for item in list_only(value):
            met.setdefault(jsonsafe.dumps_text(item), item)
        return list(met.values())
