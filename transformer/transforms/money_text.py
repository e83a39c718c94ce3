"""An amount of money as people of a place write it: 1.234,50 €."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from babel.numbers import format_currency, list_currencies

from integration_hub.lib.fields import Field
from transformer.decimals import decimal_of, exactly
from transformer.locales import LOCALE, locale_fault, locale_of
from transformer.transform import ValueTransform, transforms


@transforms.register("money_text")
class MoneyText(ValueTransform):
    name = "money_text"
    title = "An amount of money as people write it"
    options = (
        Field("currency", schema={"pattern": "^[A-Z]{3}$"}, help="ISO 4217: EUR."),
        LOCALE,
    )

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        with exactly():
            return format_currency(
                decimal_of(value), options["currency"], locale=locale_of(options)
            )

    def check(self, options: Mapping[str, Any]) -> str:
        if options["currency"] not in list_currencies():
            return f"{options['currency']!r} is no currency of ISO 4217."
        return locale_fault(options)
