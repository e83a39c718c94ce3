"""A date or time from one written form to another (Python's % directives)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from integration_hub.lib.fields import Field
from transformer.transform import ValueTransform, text_only, transforms

_PROBE = datetime(2026, 11, 23, 10, 20, 30, tzinfo=UTC)


@transforms.register("date_format")
class DateFormat(ValueTransform):
    name = "date_format"
    title = "A date from one written form to another"
    options = (
        Field("input", max_length=100, help="How it comes: %d.%m.%Y"),
        Field("output", max_length=100, help="How it goes: %Y-%m-%d"),
    )

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        try:
            # The zone is as the text says: one that it does not name is not made up.
            moment = datetime.strptime(text_only(value), options["input"])  # noqa: DTZ007
        except ValueError:
            raise ValueError(f"takes a date of the form {options['input']}") from None
        return moment.strftime(options["output"])

    def check(self, options: Mapping[str, Any]) -> str:
        try:
            datetime.strptime(_PROBE.strftime(options["input"]), options["input"])  # noqa: DTZ007
        except ValueError:
            return f"{options['input']!r} is not a form that dates can be read by."
        return ""
