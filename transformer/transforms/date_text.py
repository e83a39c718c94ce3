"""A date or moment (ISO 8601) as people of a place write it (Unicode CLDR)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from babel.dates import format_date, format_datetime

from integration_hub.lib.fields import Field
from transformer.locales import LOCALE, locale_fault, locale_of
from transformer.times import date_or_moment
from transformer.transform import ValueTransform, transforms


@transforms.register("date_text")
class DateText(ValueTransform):
    name = "date_text"
    title = "A date as people write it"
    options = (
        Field(
            "form",
            required=False,
            default="medium",
            max_length=100,
            help="short, medium, long, full, or a CLDR pattern: d. MMMM y.",
        ),
        LOCALE,
    )

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        moment, form = date_or_moment(value), options.get("form", "medium")
        locale = locale_of(options)
        if isinstance(moment, datetime):
            return format_datetime(moment, form, moment.tzinfo, locale)
        try:
            return format_date(moment, form, locale)
        except AttributeError:  # the pattern asks a date for its hour
            raise ValueError("takes a moment, as the form asks for a time of day") from None

    def check(self, options: Mapping[str, Any]) -> str:
        return locale_fault(options)
