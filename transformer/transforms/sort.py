"""A list in the order of its items, or of the value at a path in each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration_hub.lib.fields import Field
from transformer.items import PATH, order_of, path_fault, reader
from transformer.transform import ValueTransform, choice, list_only, transforms


@transforms.register("sort")
class Sort(ValueTransform):
    """What has no value comes last; numbers before texts; equal ones keep their order."""

    name = "sort"
    title = "A list in order"
    options = (
        Field("path", required=False, default="$", max_length=PATH.max_length, help=PATH.help),
        choice("order", ("ascending", "descending"), default="ascending"),
    )
    takes_lists = True

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        read = reader(options.get("path", "$"))
        keyed = [(order_of(read(item)), item) for item in list_only(value)]
        there = [pair for pair in keyed if pair[0] is not None]
        there.sort(key=lambda pair: pair[0], reverse=options.get("order") == "descending")
        return [item for _, item in (*there, *(pair for pair in keyed if pair[0] is None))]

    def check(self, options: Mapping[str, Any]) -> str:
        return path_fault(options)
