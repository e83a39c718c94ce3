"""Those items of a list whose value at a path is as said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration_hub.lib.fields import Field
from transformer.items import PATH, path_fault, reader
from transformer.paths import MISSING
from transformer.transform import ANYTHING, ValueTransform, choice, list_only, transforms

_TESTS = ("equals", "not_equals", "in", "not_in", "exists", "missing")


@transforms.register("filter")
class Filter(ValueTransform):
    name = "filter"
    title = "Those items whose value is as said"
    options = (
        PATH,
        choice("test", _TESTS, default="equals"),
        Field("value", required=False, schema={"type": ANYTHING}, help="A list for in, not_in."),
    )
    takes_lists = True

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        read, test, wanted = reader(options["path"]), _test_of(options), options.get("value")
        return [item for item in list_only(value) if _holds(test, read(item), wanted)]

    def check(self, options: Mapping[str, Any]) -> str:
        test = _test_of(options)
        if (test in ("exists", "missing")) == ("value" in options):
            return "`value` is what the others compare with; exists and missing have none."
        if test.endswith("in") and not isinstance(options["value"], list):
            return "`value` is a list for in and not_in."
        return path_fault(options)


def _test_of(options: Mapping[str, Any]) -> str:
    return str(options.get("test", "equals"))


def _holds(test: str, found: Any, wanted: Any) -> bool:
    there = found is not MISSING and found is not None
    if test in ("exists", "missing"):
        return there == (test == "exists")
    among = wanted if test.endswith("in") else [wanted]
    same = any(type(found) is type(other) and found == other for other in among)
    return same != test.startswith("not")
