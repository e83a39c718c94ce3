"""A measure in another unit, exactly: 12 in → 30.48 cm."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from transformer.decimals import decimal_of, exactly
from transformer.transform import ValueTransform, choice, transforms

# Of each kind: how many of the first unit one of these is. Yard and pound are those of 1959,
# gallon is that of the United States; temperatures have an offset as well.
_LINEAR: tuple[dict[str, str], ...] = (
    {"m": "1", "km": "1000", "cm": "1/100", "mm": "1/1000", "in": "254/10000",
     "ft": "3048/10000", "yd": "9144/10000", "mi": "1609344/1000", "nmi": "1852"},
    {"kg": "1", "g": "1/1000", "mg": "1/1000000", "t": "1000",
     "lb": "45359237/100000000", "oz": "45359237/1600000000"},
    {"l": "1", "ml": "1/1000", "m3": "1000", "gal": "3785411784/1000000000"},
    {"s": "1", "ms": "1/1000", "min": "60", "h": "3600", "d": "86400"},
    {"B": "1", "kB": "1000", "MB": "1000000", "GB": "1000000000",
     "KiB": "1024", "MiB": "1048576", "GiB": "1073741824"},
)  # fmt: skip
_TO_KELVIN = {
    "K": (Fraction(1), Fraction(0)),
    "C": (Fraction(1), Fraction(27315, 100)),
    "F": (Fraction(5, 9), Fraction(45967, 100) * Fraction(5, 9)),
}
_SCALES = (
    *({name: (Fraction(text), Fraction(0)) for name, text in kind.items()} for kind in _LINEAR),
    _TO_KELVIN,
)
_UNITS = tuple(name for kind in _SCALES for name in kind)
_DIGITS = 15


@transforms.register("unit")
class Unit(ValueTransform):
    """Gives plain digits as text: exact, or with 15 significant ones where it never ends."""

    name = "unit"
    title = "A measure in another unit"
    options = (choice("from", _UNITS), choice("to", _UNITS))

    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        scale = next(kind for kind in _SCALES if options["from"] in kind)
        (factor, offset), (other, its) = scale[options["from"]], scale[options["to"]]
        return _digits((Fraction(decimal_of(value)) * factor + offset - its) / other)

    def check(self, options: Mapping[str, Any]) -> str:
        if not any({options["from"], options["to"]} <= kind.keys() for kind in _SCALES):
            return f"{options['from']} and {options['to']} measure different things."
        return ""


def _digits(number: Fraction) -> str:
    rest = number.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    with exactly():
        exact = Decimal(number.numerator) / Decimal(number.denominator)
        if rest == 1 and Fraction(exact) == number:
            return format(exact.normalize(), "f")
        return format(Decimal(f"{exact:.{_DIGITS}g}"), "f")
