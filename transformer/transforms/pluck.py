"""Of every item of a list, the value at a path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transformer.items import PATH, path_fault, reader
from transformer.paths import MISSING
from transformer.transform import ValueTransform, list_only, transforms


@transforms.register("pluck")
class Pluck(ValueTransform):
    name = "pluck"
    title = "Of every item, the value at a path"
    options = (PATH,)
    takes_lists = True

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        found = map(reader(options["path"]), list_only(value))
        return [None if item is MISSING else item for item in found]

    def check(self, options: Mapping[str, Any]) -> str:
        return path_fault(options)
