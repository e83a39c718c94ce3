"""A number with so many decimals, as plain digits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration_hub.lib.fields import Field
from transformer.decimals import ROUNDING, decimal_of, rounded
from transformer.transform import ValueTransform, transforms


@transforms.register("round")
class Round(ValueTransform):
    """Gives text, for the rule's `type` to judge."""

    name = "round"
    title = "A number with so many decimals"
    options = (
        Field("decimals", kind="integer", schema={"minimum": 0, "maximum": 20}),
        ROUNDING,
    )

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        return format(rounded(decimal_of(value), options["decimals"], options), "f")
