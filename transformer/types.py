"""The types of rules: strict and lossless, else an error that says what was wanted."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from integration_hub.lib import jsonsafe

EXACT = 2**53  # above it, not every integer has a float of its own
Convert = Callable[[Any], Any]

_INTEGER = re.compile(r"[+-]?[0-9]+\Z")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,4})?\Z")
_DECIMAL = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?\Z")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)
_TIME = re.compile(r"\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?\Z", re.ASCII)
_DATETIME = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?([Zz]|[+-]\d{2}:\d{2})?\Z", re.ASCII
)


class Unfit(Exception):
    """The value is not of the type wanted, or would lose something."""

    def __init__(self, expected: str, code: str = "TYPE") -> None:
        super().__init__(expected)
        self.expected, self.code = expected, code


def to_string(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return jsonsafe.dumps_text(value)
    raise Unfit("string")


def to_integer(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float):
        if not value.is_integer():
            raise Unfit("integer", "PRECISION_LOSS")
        if abs(value) > EXACT:
            raise Unfit("integer that a float holds exactly", "PRECISION_LOSS")
        return int(value)
    if isinstance(value, str) and _INTEGER.match(value):
        if len(value) > jsonsafe.MAX_INTEGER_DIGITS:
            raise Unfit(f"integer of at most {jsonsafe.MAX_INTEGER_DIGITS} digits", "RANGE")
        return int(value)
    raise Unfit("integer")


def to_number(value: Any) -> int | float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if not isinstance(value, str) or not _NUMBER.match(value):
        raise Unfit("number")
    if _INTEGER.match(value):
        return to_integer(value)
    number = float(value)
    if math.isinf(number):
        raise Unfit("number in range", "RANGE")
    if Decimal(value) != Decimal(repr(number)):
        raise Unfit(
            "number that a float holds exactly; decimal keeps every digit", "PRECISION_LOSS"
        )
    return number


def to_decimal(value: Any) -> str:
    """Text, since JSON's numbers are read as floats by most; every digit is kept."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    short = isinstance(value, str) and len(value) <= jsonsafe.MAX_INTEGER_DIGITS
    if short and _DECIMAL.match(value):
        return str(value).removeprefix("+")
    raise Unfit("decimal")


def to_boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value == "true":
        return True
    if value == "false":
        return False
    raise Unfit("boolean (true or false)")


def to_date(value: Any) -> str:
    if isinstance(value, str) and _DATETIME.match(value):
        raise Unfit("date; the time of day would be lost", "PRECISION_LOSS")
    return _checked(value, _DATE, date.fromisoformat, "date (2026-11-23)")


def to_datetime(value: Any) -> str:
    return _checked(value, _DATETIME, datetime.fromisoformat, "datetime (2026-11-23T10:00:00Z)")


def to_time(value: Any) -> str:
    return _checked(value, _TIME, time.fromisoformat, "time (10:00:00)")


def to_uuid(value: Any) -> str:
    if isinstance(value, str) and len(value) in (32, 36):
        try:
            return str(UUID(value))
        except ValueError:
            pass  # said below, with the form wanted
    raise Unfit("uuid")


def to_bytes(value: Any) -> str:
    """Base64 text, checked; bytes have no other form in JSON."""
    if isinstance(value, str):
        try:
            base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            raise Unfit("bytes (base64)") from None
        return value
    raise Unfit("bytes (base64)")


def to_array(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    raise Unfit("array")


def to_object(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise Unfit("object")


def enum_of(values: Sequence[Any]) -> Convert:
    """One of `values`, true being no 1."""
    # dict.get would take 1 for True; the pair with the type does not.
    allowed = [(type(value), value) for value in values]
    shown = "one of " + ", ".join(jsonsafe.dumps_text(value) for value in values[:20])

    def to_enum(value: Any) -> Any:
        if (type(value), value) in allowed:
            return value
        raise Unfit(shown[:300], "ENUM")

    return to_enum


def _checked(
    value: Any, form: re.Pattern[str], read: Callable[[str], object], expected: str
) -> str:
    """The text as it came: its zone, its digits and its precision stay."""
    if isinstance(value, str) and form.match(value):
        try:
            read(_python_form(value))
        except ValueError:
            raise Unfit(expected, "RANGE") from None
        return value
    raise Unfit(expected)


def _python_form(text: str) -> str:
    """Python reads six digits of a second at most; the others need no check."""
    return re.sub(r"(\.\d{6})\d+", r"\1", text.upper())


TYPES: dict[str, Convert] = {
    "string": to_string,
    "integer": to_integer,
    "number": to_number,
    "decimal": to_decimal,
    "boolean": to_boolean,
    "date": to_date,
    "datetime": to_datetime,
    "time": to_time,
    "uuid": to_uuid,
    "bytes": to_bytes,
    "array": to_array,
    "object": to_object,
}
TYPE_NAMES = (*TYPES, "enum")
