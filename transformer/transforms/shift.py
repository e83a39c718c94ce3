"""A date or moment (ISO 8601) some days, months or hours later or earlier."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from integration_hub.lib.fields import Field
from transformer.times import date_or_moment
from transformer.transform import ValueTransform, choice, transforms

_FIXED = ("seconds", "minutes", "hours", "days", "weeks")
_MOST = 1_000_000_000


@transforms.register("shift")
class Shift(ValueTransform):
    """A month later than the 31st is the last day of a month that has fewer."""

    name = "shift"
    title = "A date later or earlier"
    options = (
        Field("by", kind="integer", schema={"minimum": -_MOST, "maximum": _MOST}),
        choice("unit", (*_FIXED, "months", "years"), default="days"),
    )

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        moment, by, unit = date_or_moment(value), options["by"], options.get("unit", "days")
        try:
            if unit not in _FIXED:
                return _months_later(moment, by * (12 if unit == "years" else 1)).isoformat()
            if not isinstance(moment, datetime) and unit not in ("days", "weeks"):
                raise ValueError("takes a moment, as a date has no time of day")
            return (moment + timedelta(**{unit: by})).isoformat()
        except OverflowError:
            raise ValueError("takes what stays between the years 1 and 9999") from None


def _months_later(moment: date, months: int) -> date:
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise OverflowError
    last = calendar.monthrange(year, month + 1)[1]
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last))
