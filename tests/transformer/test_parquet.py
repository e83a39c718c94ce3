"""Parquet: columns to objects and back, with every digit; what would explode is refused."""

from __future__ import annotations

import io
import resource
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_hub.lib.errors import TransformFailed
from tests.transformer.test_round_trips import thorough
from transformer import codec


def read(raw, **options):
    return codec.decode(raw, "", format_name="parquet", options=options)


def written(document, **options):
    return codec.encode("parquet", document, options=options)[0]


def file_of(table, **more):
    out = io.BytesIO()
    pq.write_table(table, out, **more)
    return out.getvalue()


def fault(raw, **options):
    with pytest.raises(TransformFailed) as caught:
        read(raw, **options)
    return caught.value.errors[0]


def test_values_are_what_json_has_and_else_text():
    table = pa.table(
        {
            "id": pa.array([2**62 + 1, None]),
            "price": pa.array([Decimal("12.50"), None], pa.decimal128(20, 2)),
            "at": pa.array([datetime(2026, 11, 23, 8, 5, tzinfo=UTC), None]),
            "on": pa.array([date(2026, 11, 23), None]),
            "clock": pa.array([time(8, 5), None]),
            "raw": pa.array([b"\x00\xff", None]),
            "tags": pa.array([["a", None], []]),
            "deep": pa.array([{"x": {"y": 1.5}}, None]),
            "kind": pa.array(["a", "a"]).dictionary_encode(),
        }
    )
    first, second = read(file_of(table))
    assert first == {
        "id": 2**62 + 1,
        "price": "12.50",
        "at": "2026-11-23T08:05:00+00:00",
        "on": "2026-11-23",
        "clock": "08:05:00",
        "raw": "AP8=",
        "tags": ["a", None],
        "deep": {"x": {"y": 1.5}},
        "kind": "a",
    }
    assert second == dict.fromkeys(first) | {"tags": [], "kind": "a"}
    assert read(file_of(table), columns=["kind", "id"])[1] == {"kind": "a", "id": None}


@pytest.mark.parametrize(
    ("document", "at"),
    [
        ([{"a": 1}, {"a": "x"}], "/1/a"),
        ([{"a": True}, {"a": 1}], "/1/a"),
        ([{"a": 2**63}], "/0/a"),
        ([{"a": 2**53 + 1}, {"a": 1.5}], "/0/a"),
        ([{"a": {"x": 1}}, {"a": {"y": 1}}], "/0/a"),
        ([{"a": [1, 2.5]}], "/0/a"),
        ([{"a": [1, "x"]}], ""),
        ([[1]], "/0"),
        ([{"a": 1}, 2], "/1"),
        ({"a": 1}, ""),
    ],
)
def test_what_a_column_cannot_hold_is_refused_with_its_place(document, at):
    with pytest.raises(TransformFailed) as caught:
        written(document)
    assert caught.value.errors[0].pointer == at


def test_what_is_no_parquet_is_refused():
    good = file_of(pa.table({"a": [1, 2]}))
    for raw in (
        b"PAR1",
        b"text",
        good[:-9],
        good[: len(good) // 2],
        b"PAR1" + b"\xff" * 60 + b"PAR1",
    ):
        assert fault(raw).code == "FORMAT_PARSE"
    assert "no column 'z'" in fault(good, columns=["z"]).detail
    assert "not" in fault(file_of(pa.table({"a": [float("nan")]}))).detail


def test_bombs_are_refused_before_they_unfold():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    many = pa.table({"a": pa.array([7], pa.int64()).take(pa.array([0] * 600_000))})
    assert fault(file_of(many)).code == "LIMIT_SIZE"
    # One text of a megabyte in the dictionary, a hundred thousand rows that refer to it.
    row = pa.DictionaryArray.from_arrays(pa.array([0] * 2_000, pa.int32()), pa.array(["x" * 2**20]))
    bomb = file_of(pa.table({"a": row}), compression="zstd")
    assert len(bomb) < 100_000
    assert fault(bomb).code == "LIMIT_SIZE"
    wide = pa.table({f"c{n}": [1] for n in range(1_001)})
    assert fault(file_of(wide)).code == "LIMIT_SIZE"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400 * 1024


SCALARS = (
    st.integers(-(2**63) + 1, 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
)
PLAIN = st.sampled_from(SCALARS).flatmap(
    lambda kind: st.lists(st.none() | kind, min_size=3, max_size=3)
)


@thorough
@given(
    st.dictionaries(
        st.text(st.characters(codec="utf-8"), max_size=5), PLAIN, min_size=1, max_size=3
    )
)
def test_a_table_comes_back_as_it_was(columns):
    rows = [{name: values[number] for name, values in columns.items()} for number in range(3)]
    assert repr(read(written(rows))) == repr(rows)
