"""An amount of money in its smallest coin (1234 cents) from plain digits (12.34), and back.

How many decimals a currency has says ISO 4217: two for EUR, none for JPY, three for KWD.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision, list_currencies

from integration_hub.lib.fields import Field
from transformer.decimals import decimal_of, exactly
from transformer.transform import ValueTransform, choice, transforms


@transforms.register("minor_units")
class MinorUnits(ValueTransform):
    name = "minor_units"
    title = "An amount in its smallest coin, and back"
    options = (
        choice("to", ("minor", "major")),
        Field("currency", schema={"pattern": "^[A-Z]{3}$"}, help="ISO 4217: EUR."),
    )

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        places = get_currency_precision(options["currency"])
        number = decimal_of(value)
        with exactly():
            if options["to"] == "major":
                return format(_whole(number).scaleb(-places), "f")
            return int(_whole(number.scaleb(places)))

    def check(self, options: Mapping[str, Any]) -> str:
        if options["currency"] not in list_currencies():
            return f"{options['currency']!r} is no currency of ISO 4217."
        return ""


def _whole(number: Decimal) -> Decimal:
    if number != number.to_integral_value():
        raise ValueError("takes an amount without a part of the smallest coin")
    return number.to_integral_value()
