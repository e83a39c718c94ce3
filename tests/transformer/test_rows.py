"""Formats of rows and pages: NDJSON, CSV, TSV, YAML, HTML."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_hub.lib.errors import TransformFailed
from tests.transformer.test_round_trips import JSON, thorough
from transformer import codec
from transformer.services import compile_spec, decode_body

PAGE = b"""<!DOCTYPE html><html><head><title> A  page </title><script>x()</script></head>
<body><h1>Hi</h1><p>one <b>two</b>
three<br>four</p><table><tr><th>n<th>v<tr><td>a<td>1</table><a href="/x">link</a>"""


def read(raw, name, **options):
    return codec.decode(raw, "", format_name=name, options=options)


def faults(raw, name, **options):
    with pytest.raises(TransformFailed) as caught:
        read(raw, name, **options)
    return [(fault.code, fault.line) for fault in caught.value.errors]


def written(name, document, **options):
    return codec.encode(name, document, options=options)[0].decode()


@pytest.mark.parametrize(
    ("raw", "options", "document"),
    [
        (b'a,b\r\n1,"x\ny"\r\n\r\n2,z\r\n', {}, [{"a": "1", "b": "x\ny"}, {"a": "2", "b": "z"}]),
        (b"a;b\n007;\n", {"delimiter": ";"}, [{"a": "007", "b": ""}]),
        (b"a,b\n007,\n", {"types": {"a": "integer", "b": "date"}}, [{"a": 7, "b": None}]),
        (b"a\n'it''s, ok'\n", {"quote": "'"}, [{"a": "it's, ok"}]),
        (b"1,2\n", {"header": False}, [["1", "2"]]),
        (b"1,2\n", {"header": False, "columns": ["x", "y"]}, [{"x": "1", "y": "2"}]),
        (b"x,y\n1,2\n", {"columns": ["x", "y"]}, [{"x": "1", "y": "2"}]),
        ("ä\nß\n".encode("utf-16"), {}, [{"ä": "ß"}]),
        (b"a\n", {}, []),
        (b" \n", {"header": False}, [[" "]]),
    ],
)
def test_csv_is_read_by_its_header_as_text(raw, options, document):
    assert read(raw, "csv", **options) == document


@pytest.mark.parametrize(
    ("raw", "options", "told"),
    [
        (b"a,b\n1\n2,3,4\n5,6\n", {}, [("FORMAT_PARSE", 2), ("FORMAT_PARSE", 3)]),
        (b'a,b\n"x\ny",1\n2\n', {}, [("FORMAT_PARSE", 4)]),
        (b"a\nx\n7\ny\n", {"types": {"a": "integer"}}, [("TYPE", 2), ("TYPE", 4)]),
        (b'a\n"x"y\n', {}, [("FORMAT_PARSE", 2)]),
        (b'a\n"x\n', {}, [("FORMAT_PARSE", 2)]),
        (b"a,a\n1,2\n", {}, [("FORMAT_PARSE", 1)]),
        (b"b,a\n", {"columns": ["a", "b"]}, [("FORMAT_PARSE", 1)]),
        (b"a\n1\n", {"types": {"z": "integer"}}, [("FORMAT_PARSE", None)]),
        (b"," * 20_000, {}, [("LIMIT_SIZE", 1)]),
        (b"a\n" + b"x" * 1_100_000, {}, [("FORMAT_PARSE", 2)]),
    ],
)
def test_each_wrong_row_is_told_with_its_line(raw, options, told):
    assert faults(raw, "csv", **options) == told


def test_no_more_than_a_hundred_rows_are_told():
    assert len(faults(b"a\n" + b"1,2\n" * 500, "csv")) == 100
    assert len(faults(b"{\n" * 500, "ndjson")) == 100


def test_what_is_wrong_is_shown_unless_its_name_sounds_secret():
    with pytest.raises(TransformFailed) as caught:
        read(b"qty,api_token\nx,abc\n", "csv", types={"qty": "integer", "api_token": "integer"})
    assert [fault.value for fault in caught.value.errors] == ["x", "***"]


@pytest.mark.parametrize(
    ("document", "options", "text"),
    [
        ([{"a": 1, "b": None}, {"b": True, "c": "x,y"}], {}, 'a,b,c\r\n1,,\r\n,true,"x,y"\r\n'),
        ([{"a": 1, "b": 2}], {"columns": ["b", "a"]}, "b,a\r\n2,1\r\n"),
        ([{"a": 1}], {"header": False}, "1\r\n"),
        ([["a", 1.5], []], {}, "a,1.5\r\n\r\n"),
        ([{"a": ""}], {}, 'a\r\n""\r\n'),
        ([], {}, ""),
    ],
)
def test_csv_is_written(document, options, text):
    assert written("csv", document, **options) == text


def test_formulas_are_written_as_text_and_numbers_as_they_are():
    rows = [{"a": text} for text in ("=1+1", "+49 30 1", "-5", "@x", "\tx", "-cmd", "a=b")]
    safe = ["'=1+1", "+49 30 1", "-5", "'@x", "'\tx", "'-cmd", "a=b"]
    assert read(written("csv", rows).encode(), "csv") == [{"a": text} for text in safe]
    assert read(written("csv", rows, raw=True).encode(), "csv") == rows


@pytest.mark.parametrize(
    ("document", "options", "at"),
    [
        ({"a": 1}, {}, ""),
        ([1], {}, "/0"),
        ([{"a": 1}, [1]], {}, "/1"),
        ([{"a": [1]}], {}, "/0/a"),
        ([[1, {}]], {}, "/0/1"),
        ([{"z": 1}], {"columns": ["a"]}, "/0/z"),
    ],
)
def test_what_rows_cannot_hold_is_refused_with_its_place(document, options, at):
    with pytest.raises(TransformFailed) as caught:
        written("csv", document, **options)
    assert [fault.pointer for fault in caught.value.errors] == [at]


CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@thorough
@given(st.lists(st.fixed_dictionaries({"a": CELL, "b,\n": CELL}), max_size=5))
def test_csv_gives_back_what_it_was_given(rows):
    text = written("csv", rows, raw=True).encode()
    assert read(b"\xef\xbb\xbf" + text, "csv") == rows if rows else text == b""


@thorough
@given(st.lists(JSON, min_size=1))
def test_ndjson_gives_back_what_it_was_given(documents):
    again = read(written("ndjson", documents).encode(), "ndjson")
    assert repr(again) == repr(documents)


@thorough
@given(JSON)
def test_yaml_gives_back_what_it_was_given(document):
    again = read(written("yaml", document).encode(), "yaml")
    assert again == document


def test_ndjson_tells_every_line_that_is_none():
    assert read(b'{"a":1}\r\n\n[1]', "ndjson") == [{"a": 1}, [1]]
    assert faults(b'{"a":1}\n{x\n\n{"a":1,"a":2}\n', "ndjson") == [
        ("FORMAT_PARSE", 2),
        ("FORMAT_PARSE", 4),
    ]


def test_yaml_is_read_strictly():
    assert read(b"a: no\nb: [1, 2.5, ~]\nc: 2026-11-23\n", "yaml") == {
        "a": "no",
        "b": [1, 2.5, None],
        "c": "2026-11-23",
    }
    assert faults(b"a: 1\na: 2\n", "yaml") == [("FORMAT_PARSE", 2)]
    assert faults(b"a: &x [*x]\n", "yaml") == [("FORMAT_PARSE", 1)]
    bomb = b"a: &a [x,x,x,x,x,x,x,x,x,x]\n" + b"".join(
        b"%c: &%c [%s]\n" % (n, n, b",".join([b"*%c" % (n - 1)] * 10)) for n in range(98, 108)
    )
    assert faults(bomb, "yaml")[0][0] == "FORMAT_PARSE"


def test_a_page_is_read_for_its_text_links_and_tables():
    assert read(PAGE, "html") == {
        "title": "A page",
        "text": "Hi\none two\nthree\nfour\nn v\na 1\nlink",
        "links": [{"text": "link", "href": "/x"}],
        "tables": [[["n", "v"], ["a", "1"]]],
    }
    assert read(PAGE, "html", table=0) == [{"n": "a", "v": "1"}]
    assert faults(PAGE, "html", table=3) == [("FORMAT_PARSE", None)]
    assert faults(b"<p>" * 300_000, "html")[0][0] in ("LIMIT_SIZE", "FORMAT_PARSE")
    with pytest.raises(TransformFailed):
        written("html", {})


def test_pages_and_tables_stay_text_unless_a_spec_asks():
    assert decode_body(b"a,b\n1,2\n", "text/csv") == "a,b\n1,2\n"
    assert decode_body(PAGE, "text/html") == PAGE.decode()
    spec = compile_spec(
        {
            "input": {"format": "csv", "options": {"types": {"b": "integer"}}},
            "rules": [{"source": "[*].b", "target": "all"}],
        },
        response=True,
    )
    assert spec.run(spec.read(b"a,b\n1,2\n3,4\n", "text/csv")) == {"all": [2, 4]}
