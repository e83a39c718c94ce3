"""Excel workbooks: read by their header, written as text is, bombs refused."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from integration_hub.lib.errors import TransformFailed
from tests.transformer.test_round_trips import CHARACTERS, thorough
from transformer import codec


def read(raw, **options):
    return codec.decode(raw, "", format_name="xlsx", options=options)


def written(document, **options):
    return codec.encode("xlsx", document, options=options)[0]


def code_of(raw, **options):
    with pytest.raises(TransformFailed) as caught:
        read(raw, **options)
    return caught.value.errors[0].code


def book(*rows, more=()):
    made = Workbook()
    for row in rows:
        made.active.append(row)
    for name in more:
        made.create_sheet(name).append([name])
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def changed(raw, name, change):
    """The same workbook with one member of the archive rewritten."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(out, "w", 8) as new:
        for member in old.namelist():
            content = old.read(member)
            new.writestr(member, change(content) if member == name else content)
    return out.getvalue()


def test_cells_keep_their_kind_and_dates_become_text():
    raw = book(
        ["id", "paid", "on", "at", "note"],
        [7, True, date(2026, 11, 23), datetime(2026, 11, 23, 8, 5), "007"],  # noqa: DTZ001 - Excel knows no zones
        [1.5, None, None, None, "é"],
        [None, None],
        more=["Other"],
    )
    assert read(raw) == [
        {
            "id": 7,
            "paid": True,
            "on": "2026-11-23T00:00:00",
            "at": "2026-11-23T08:05:00",
            "note": "007",
        },
        {"id": 1.5, "paid": None, "on": None, "at": None, "note": "é"},
    ]
    assert read(raw, sheet="Other", header=False) == [["Other"]]
    assert code_of(raw, sheet="None") == "FORMAT_PARSE"


def test_a_header_that_names_no_column_and_a_row_that_is_too_long_are_refused():
    for rows in ([["a", "a"], [1, 2]], [["a", None, "b"], [1, 2, 3]], [["a"], [1, 2]]):
        assert code_of(book(*rows)) == "FORMAT_PARSE"


def test_text_is_never_a_formula():
    rows = [{"a": "=1+1", "b": "+x"}]
    raw = written(rows)
    assert read(raw) == rows
    assert b"<f>" not in zipfile.ZipFile(io.BytesIO(raw)).read("xl/worksheets/sheet1.xml")


@pytest.mark.parametrize(
    ("document", "at"),
    [
        ([{"a": 2**53 + 1}], "/0/a"),
        ([{"a": [1]}], "/0/a"),
        ([["x" * 40_000]], "/0/0"),
        ([["\x01"]], "/0/0"),
        ({"a": 1}, ""),
        ([{"a": 1, "b": 2}] * 100_001, ""),
        ([1], "/0"),
    ],
)
def test_what_a_workbook_cannot_hold_is_refused_with_its_place(document, at):
    with pytest.raises(TransformFailed) as caught:
        written(document)
    assert caught.value.errors[0].pointer == at


def test_what_is_no_workbook_is_refused():
    plain = book(["a"])
    sheet = "xl/worksheets/sheet1.xml"
    for raw in (
        b"PK",
        b"text",
        plain[:-40],
        changed(plain, sheet, lambda _: b"<worksheet"),
        changed(plain, sheet, lambda c: b"<!DOCTYPE x [<!ENTITY a 'b'>]>" + c),
        changed(plain, "xl/workbook.xml", lambda _: b"<a/>"),
        changed(plain, "[Content_Types].xml", lambda _: b""),
    ):
        assert code_of(raw) == "FORMAT_PARSE"


def test_bombs_are_refused_before_they_unfold():
    plain = book(["a"])
    sheet = "xl/worksheets/sheet1.xml"
    unpacked = changed(plain, sheet, lambda c: c + b" " * (65 * 1024 * 1024))
    assert code_of(unpacked) == "LIMIT_SIZE"
    dense = changed(plain, sheet, lambda c: c + b" " * (20 * 1024 * 1024))
    assert len(dense) < 100_000
    assert code_of(dense) == "LIMIT_SIZE"
    far = changed(plain, sheet, lambda c: c.replace(b'r="A1"', b'r="XFD1048576"'))
    assert code_of(far) in ("LIMIT_SIZE", "FORMAT_PARSE")
    rows = b"".join(b'<row r="%d"><c r="XFD%d"><v>1</v></c></row>' % (n, n) for n in range(1, 50))
    many = changed(plain, sheet, lambda c: c.replace(b"</sheetData>", rows + b"</sheetData>"))
    assert code_of(many) in ("LIMIT_SIZE", "FORMAT_PARSE")


CELL = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(CHARACTERS.filter(lambda char: char != "\r"), min_size=1, max_size=10)
)


@thorough
@given(st.lists(st.fixed_dictionaries({"a": CELL, "b": CELL, "c": st.just(1)}), max_size=4))
def test_a_table_comes_back_as_it_was(rows):
    assert read(written(rows)) == rows
