"""The first items of a list, or its last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration_hub.lib.fields import Field
from transformer.transform import ValueTransform, choice, list_only, transforms


@transforms.register("take")
class Take(ValueTransform):
    name = "take"
    title = "The first items of a list, or its last"
    options = (
        Field("count", kind="integer", schema={"minimum": 1}),
        choice("end", ("first", "last"), default="first"),
    )
    takes_lists = True

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        items, count = list_only(value), options["count"]
        return items[:count] if options.get("end", "first") == "first" else items[-count:]
