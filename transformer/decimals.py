"""Numbers as they stand in documents, with every digit."""

from __future__ import annotations

import decimal
from collections.abc import Mapping
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import Any

from transformer.transform import choice

MAX_EXPONENT = 1_000
"""A number written out has about so many digits at most."""

_ROUNDINGS = {
    "half_even": decimal.ROUND_HALF_EVEN,
    "half_up": decimal.ROUND_HALF_UP,
    "up": decimal.ROUND_UP,
    "down": decimal.ROUND_DOWN,
}
ROUNDING = choice("rounding", tuple(_ROUNDINGS), default="half_even", says="Of what is cut off.")
_EXACT = decimal.Context(prec=2 * MAX_EXPONENT)


def decimal_of(value: Any) -> Decimal:
    """A number, or its text. Raises ValueError for anything else, and for what is no finite one."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("takes a number or its text")  # noqa: TRY004 - the contract's one error
    try:
        number = Decimal(value.strip() if isinstance(value, str) else repr(value))
    except (decimal.InvalidOperation, ValueError):
        raise ValueError("takes a number or its text") from None
    if not number.is_finite() or abs(number.adjusted()) > MAX_EXPONENT:
        raise ValueError(f"takes a finite number of at most {MAX_EXPONENT} digits")
    return number


def exactly() -> AbstractContextManager[decimal.Context]:
    """Arithmetic inside keeps every digit; outside, Python keeps 28 and says nothing."""
    return decimal.localcontext(_EXACT)


def rounded(number: Decimal, decimals: int, options: Mapping[str, Any]) -> Decimal:
    name = options.get("rounding", "half_even")
    return number.quantize(Decimal(1).scaleb(-decimals), _ROUNDINGS[name], _EXACT)
