"""Seconds or milliseconds since 1970 (UTC) as ISO 8601, and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from transformer.times import moment_of
from transformer.transform import ValueTransform, choice, transforms

_START = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS = {"s": timedelta(seconds=1), "ms": timedelta(milliseconds=1)}


@transforms.register("epoch")
class Epoch(ValueTransform):
    name = "epoch"
    title = "Seconds since 1970 as a moment, and back"
    options = (
        choice("to", ("datetime", "number")),
        choice("unit", tuple(_UNITS), default="s"),
    )

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        unit = _UNITS[options.get("unit", "s")]
        if options["to"] == "number":
            whole, rest = divmod(moment_of(value) - _START, unit)
            return whole + rest / unit if rest else whole
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError("takes a number")  # noqa: TRY004 - the contract's one error
        try:
            return (_START + value * unit).isoformat()
        except (OverflowError, ValueError):
            raise ValueError("takes a moment between the years 1 and 9999") from None
