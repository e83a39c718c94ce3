"""A phone number in the international form of E.164: +493012345678."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import phonenumbers

from integration_hub.lib.fields import Field
from transformer.transform import ValueTransform, text_only, transforms


@transforms.register("phone")
class Phone(ValueTransform):
    name = "phone"
    title = "A phone number in the international form"
    options = (
        Field(
            "country",
            required=False,
            help="Of numbers without a country code: DE.",
            schema={"pattern": "^[A-Z]{2}$"},
        ),
    )

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        try:
            number = phonenumbers.parse(text_only(value), options.get("country"))
        except phonenumbers.NumberParseException:
            raise ValueError("takes a phone number; without +, `country` says whose") from None
        if not phonenumbers.is_valid_number(number):
            raise ValueError("takes a phone number that exists in its country")
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

    def check(self, options: Mapping[str, Any]) -> str:
        country = options.get("country")
        if country is not None and country not in phonenumbers.SUPPORTED_REGIONS:
            return f"{country!r} is no country with phone numbers of its own."
        return ""
