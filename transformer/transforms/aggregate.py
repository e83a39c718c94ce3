"""One number of a list: how many, their sum, least, greatest or mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from transformer.decimals import decimal_of, exactly
from transformer.transform import ValueTransform, choice, list_only, transforms

_DIGITS = 15


@transforms.register("aggregate")
class Aggregate(ValueTransform):
    """Nulls do not count. Gives plain digits as text, but for `count`: no digit is lost."""

    name = "aggregate"
    title = "One number of a list"
    options = (choice("function", ("count", "sum", "min", "max", "mean")),)
    takes_lists = True

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        items, function = (
            [item for item in list_only(value) if item is not None],
            options["function"],
        )
        if function == "count":
            return len(items)
        numbers = [decimal_of(item) for item in items]
        if not numbers and function != "sum":
            return None
        with exactly():
            return format(_FUNCTIONS[function](numbers), "f")


def _sum(numbers: list[Decimal]) -> Decimal:
    return sum(numbers, Decimal(0))


def _mean(numbers: list[Decimal]) -> Decimal:
    return Decimal(f"{_sum(numbers) / len(numbers):.{_DIGITS}g}")


_FUNCTIONS: dict[str, Callable[[list[Decimal]], Decimal]] = {
    "sum": _sum,
    "min": min,
    "max": max,
    "mean": _mean,
}
