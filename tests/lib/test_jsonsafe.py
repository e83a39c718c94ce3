"""The strict JSON reader: what it refuses, where it says so, and that it is quick to."""

from __future__ import annotations

import json
import time
import uuid
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_hub.lib import jsonsafe
from integration_hub.lib.jsonsafe import JSONFault, dumps, loads

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON)
def test_what_is_written_reads_back_equal(value):
    assert loads(dumps(value)) == value


@pytest.mark.parametrize(
    ("text", "said", "line", "column"),
    [
        ('{"a": 1,\n "a": 2}', "duplicate key 'a'", 2, 2),
        ("[1,\n  NaN]", "NaN is not JSON", 2, 3),
        ("[-Infinity]", "-Infinity is not JSON", 1, 2),
        ("[1e400]", "out of range", 1, 2),
        ('["\\ud800"]', "lone surrogate", 1, 2),
        ('{"\\udfff": 1}', "lone surrogate", 1, 2),
        ('{"a": 1} x', "Extra data", 1, 10),
        ('{"a": }', "Expecting value", 1, 7),
        ("[1 2]", "", 1, 4),
        ("'a'", "Expecting value", 1, 1),
        ("[01]", "", 1, 3),
        ('["a\nb"]', "Invalid control character", 1, 4),
        ('["\\x41"]', "Invalid \\escape", 1, 3),
        ("", "Expecting value", 1, 1),
        ("[" + "9" * 4001 + "]", "more than 4000 digits", 1, 2),
        ('{"a":{"b":1},\n"c":{"b":1,"b":2}}', "duplicate key 'b'", 2, 12),
    ],
)
def test_a_fault_names_its_line_and_column(text, said, line, column):
    with pytest.raises(JSONFault) as caught:
        loads(text)
    assert said in caught.value.detail
    assert (caught.value.line, caught.value.column) == (line, column)


def test_bytes_that_are_not_utf8_are_placed():
    with pytest.raises(JSONFault) as caught:
        loads(b'{\n"a": "\xff"}')
    assert (caught.value.line, caught.value.column) == (2, 7)


def test_a_byte_order_mark_is_no_part_of_the_text():
    assert loads(b"\xef\xbb\xbf[1]") == [1]


def test_integers_keep_every_digit():
    big = 12345678901234567890123456789
    assert loads(str(big)) == big
    assert dumps({"n": big}) == b'{"n":%d}' % big


def test_depth_is_bounded_and_brackets_in_strings_do_not_count():
    assert loads("[" * 64 + "]" * 64)
    assert loads('["' + "[" * 500 + '"]')
    with pytest.raises(JSONFault, match="deeper than 64") as caught:
        loads("[" * 65 + "]" * 65)
    assert caught.value.column == 65


def test_keys_of_an_object_are_bounded():
    text = "{" + ",".join(f'"k{n}":1' for n in range(10_001)) + "}"
    with pytest.raises(JSONFault, match="more than 10000 keys"):
        loads(text)


@pytest.mark.parametrize(
    "hostile",
    [
        "[" * 2_000_000,
        "[" * 65 + '"' + '\\"' * 2_000_000,
        '{"a":' * 500_000,
        "[" + "1," * 2_000_000,
        '"' + "\\" * 4_000_001,
        '{"' + "a" * 4_000_000 + '":1,"b":1,"b":2}',
        "[" + '"\\ud83d\\ude00",' * 200_000 + '"\\ud800"]',
        "-" * 4_000_000,
        "[" * 64 + "1" + "]" * 63,
    ],
    ids=range(9),
)
def test_hostile_text_is_refused_in_bounded_time(hostile):
    began = time.monotonic()
    with pytest.raises(JSONFault):
        loads(hostile)
    assert time.monotonic() - began < 5


def test_times_and_ids_are_written_alike_beside_small_and_great_integers():
    moment, key = datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC), uuid.UUID(int=7)
    small = json.loads(dumps({"n": 1, "at": moment, "id": key}))
    great = json.loads(dumps({"n": 2**70, "at": moment, "id": key}))
    assert (small["at"], small["id"]) == (great["at"], great["id"])


@pytest.mark.parametrize("value", [Decimal("1.5"), {1, 2}, object(), b"x"])
def test_what_json_cannot_hold_is_no_text_by_accident(value):
    with pytest.raises(TypeError):
        dumps({"v": value})


def test_the_limits_are_those_of_the_contract():
    assert (jsonsafe.MAX_DEPTH, jsonsafe.MAX_KEYS) == (64, 10_000)
