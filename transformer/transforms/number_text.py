"""A number as people of a place write it, with so many decimals: 1.234,50."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from babel.numbers import format_decimal

from integration_hub.lib.fields import Field
from transformer.decimals import ROUNDING, decimal_of, exactly, rounded
from transformer.locales import LOCALE, locale_fault, locale_of
from transformer.transform import ValueTransform, transforms


@transforms.register("number_text")
class NumberText(ValueTransform):
    name = "number_text"
    title = "A number as people write it"
    options = (
        Field(
            "decimals",
            kind="integer",
            required=False,
            schema={"minimum": 0, "maximum": 20},
            help="Not said: as many as there are.",
        ),
        ROUNDING,
        Field("group", kind="boolean", required=False, default=True, help="1,234 or 1234."),
        LOCALE,
    )

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        number = decimal_of(value)
        if "decimals" in options:
            number = rounded(number, options["decimals"], options)
        with exactly():
            return format_decimal(
                number,
                _pattern(number),
                locale_of(options),
                decimal_quantization=False,
                group_separator=options.get("group", True),
            )

    def check(self, options: Mapping[str, Any]) -> str:
        return locale_fault(options)


def _pattern(number: Any) -> str:
    places = max(0, -number.as_tuple().exponent)
    return "#,##0" + ("." + "0" * places if places else "")
