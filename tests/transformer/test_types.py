"""Types: strict and lossless, or an error."""

from __future__ import annotations

import pytest

from transformer.types import TYPES, Unfit, enum_of

BIG = 12345678901234567890123

GOOD = [
    ("string", "x", "x"),
    ("string", 5, "5"),
    ("string", BIG, str(BIG)),
    ("string", 1.5, "1.5"),
    ("string", True, "true"),
    ("integer", 5, 5),
    ("integer", "5", 5),
    ("integer", "-007", -7),
    ("integer", str(BIG), BIG),
    ("integer", 5.0, 5),
    ("number", 1, 1),
    ("number", 1.5, 1.5),
    ("number", "1.5", 1.5),
    ("number", "1.50", 1.5),
    ("number", "15e-1", 1.5),
    ("number", str(BIG), BIG),
    ("decimal", "1.10", "1.10"),
    ("decimal", "+1.10", "1.10"),
    ("decimal", "0.1234567890123456789012345", "0.1234567890123456789012345"),
    ("decimal", BIG, str(BIG)),
    ("decimal", 0.1, "0.1"),
    ("decimal", 1e-7, "0.0000001"),
    ("boolean", True, True),
    ("boolean", "false", False),
    ("date", "2026-02-28", "2026-02-28"),
    ("datetime", "2026-02-28T10:00:00Z", "2026-02-28T10:00:00Z"),
    ("datetime", "2026-02-28T10:00:00.123456789+05:30", "2026-02-28T10:00:00.123456789+05:30"),
    ("datetime", "2026-02-28T10:00", "2026-02-28T10:00"),
    ("time", "10:00:00", "10:00:00"),
    ("time", "23:59:59.5Z", "23:59:59.5Z"),
    ("uuid", "C56A4180-65AA-42EC-A945-5FD21DEC0538", "c56a4180-65aa-42ec-a945-5fd21dec0538"),
    ("bytes", "aGk=", "aGk="),
    ("bytes", "", ""),
    ("array", [1], [1]),
    ("object", {"a": 1}, {"a": 1}),
]
BAD = [
    ("string", {}, "TYPE"),
    ("string", [], "TYPE"),
    ("integer", True, "TYPE"),
    ("integer", "5.0", "TYPE"),
    ("integer", " 5", "TYPE"),
    ("integer", "٣", "TYPE"),
    ("integer", "1_000", "TYPE"),
    ("integer", "", "TYPE"),
    ("integer", "5\n", "TYPE"),
    ("integer", 5.5, "PRECISION_LOSS"),
    ("integer", 1e20, "PRECISION_LOSS"),
    ("integer", "9" * 5_000, "RANGE"),
    ("number", True, "TYPE"),
    ("number", "NaN", "TYPE"),
    ("number", "0x10", "TYPE"),
    ("number", "1e999", "RANGE"),
    ("number", "0.1234567890123456789", "PRECISION_LOSS"),
    ("decimal", "1e5", "TYPE"),
    ("decimal", "NaN", "TYPE"),
    ("decimal", True, "TYPE"),
    ("decimal", ".", "TYPE"),
    ("boolean", 1, "TYPE"),
    ("boolean", "True", "TYPE"),
    ("boolean", "yes", "TYPE"),
    ("date", "2026-02-30", "RANGE"),
    ("date", "28.02.2026", "TYPE"),
    ("date", "2026-02-28T10:00:00Z", "PRECISION_LOSS"),
    ("date", 20260228, "TYPE"),
    ("datetime", "2026-02-28", "TYPE"),
    ("datetime", "2026-02-28T25:00:00Z", "RANGE"),
    ("time", "24:30", "RANGE"),
    ("uuid", "not-a-uuid", "TYPE"),
    ("uuid", "{c56a4180-65aa-42ec-a945-5fd21dec053}", "TYPE"),
    ("bytes", "a", "TYPE"),
    ("bytes", "ä===", "TYPE"),
    ("array", {"a": 1}, "TYPE"),
    ("array", "x", "TYPE"),
    ("object", [], "TYPE"),
]


@pytest.mark.parametrize(("name", "given", "wanted"), GOOD)
def test_a_value_that_fits_is_converted_without_loss(name, given, wanted):
    made = TYPES[name](given)
    assert made == wanted
    assert type(made) is type(wanted)


@pytest.mark.parametrize(("name", "given", "code"), BAD)
def test_a_value_that_does_not_fit_is_an_error(name, given, code):
    with pytest.raises(Unfit) as caught:
        TYPES[name](given)
    assert caught.value.code == code
    assert caught.value.expected


def test_an_enum_tells_true_from_one():
    convert = enum_of(["a", 1, None])
    assert convert("a") == "a"
    assert convert(1) == 1
    for value in (True, 1.0, "1", "b"):
        with pytest.raises(Unfit) as caught:
            convert(value)
        assert caught.value.code == "ENUM"
    assert caught.value.expected == 'one of "a", 1, null'
