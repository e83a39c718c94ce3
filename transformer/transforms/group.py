"""The items of a list by the value at a path: [{"key": …, "items": […]}], as first met."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration_hub.lib import jsonsafe
from transformer.items import PATH, path_fault, reader
from transformer.paths import MISSING
from transformer.transform import ValueTransform, list_only, transforms


@transforms.register("group")
class Group(ValueTransform):
    name = "group"
    title = "The items of a list by a value"
    options = (PATH,)
    takes_lists = True

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        read = reader(options["path"])
        groups: dict[str, dict[str, Any]] = {}
        for item in list_only(value):
            found = read(item)
            key = None if found is MISSING else found
            group = groups.setdefault(jsonsafe.dumps_text(key), {"key": key, "items": []})
            group["items"].append(item)
        return list(groups.values())

    def check(self, options: Mapping[str, Any]) -> str:
        return path_fault(options)
