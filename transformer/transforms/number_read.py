"""A number as people of a place write it (1.234,50) to plain digits (1234.50), all kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from babel.numbers import NumberFormatError, parse_decimal

from transformer.locales import LOCALE, locale_fault, locale_of
from transformer.transform import ValueTransform, text_only, transforms

_MAX_LENGTH = 1_000


@transforms.register("number_read")
class NumberRead(ValueTransform):
    """Gives text, for the rule's `type` to judge: no digit is lost on the way."""

    name = "number_read"
    title = "A number as people write it, to plain digits"
    options = (LOCALE,)

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        text, locale = text_only(value).strip(), locale_of(options)
        if len(text) > _MAX_LENGTH:
            raise ValueError(f"takes a number of at most {_MAX_LENGTH} digits")
        try:
            return format(parse_decimal(text, locale=locale, strict=True), "f")
        except NumberFormatError:
            raise ValueError(f"takes a number as {locale} writes it") from None

    def check(self, options: Mapping[str, Any]) -> str:
        return locale_fault(options)
