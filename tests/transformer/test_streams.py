"""Streams of rows: the same rows as when read whole, bad ones told, the next ones read."""

from __future__ import annotations

import io
import json
from itertools import chain, repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_hub.lib.errors import TransformFailed
from tests.transformer.test_round_trips import JSON, XML, thorough
from transformer import codec
from transformer.format import formats
from transformer.formats import json_rows
from transformer.lines import MAX_LINE
from transformer.services import compile_spec
from transformer.streaming import Totals, convert_rows, streamed


class Drip(io.RawIOBase):
    """Bytes that come a few at a time."""

    def __init__(self, raw: bytes, size: int = 3) -> None:
        self.raw, self.size = memoryview(raw), size

    def readable(self):
        return True

    def readinto(self, into):
        taken = self.raw[: min(self.size, len(into))]
        into[: len(taken)] = taken
        self.raw = self.raw[len(taken) :]
        return len(taken)


def read(raw, name, charset=None, size=1 << 16, **options):
    """[document or (code, line, column)] of every row, then of the fault that ended it."""
    found = []
    stream = streamed(formats.get(name), options)
    try:
        for row in stream.rows(Drip(raw, size), charset=charset, options=options):
            found += [(f.code, f.line, f.column) for f in row.faults] or [row.document]
    except TransformFailed as failed:
        found += [("ended", f.code, f.line, f.column) for f in failed.errors]
    return found


def written(name, documents, **options):
    writer = streamed(formats.get(name), options).row_writer(options=options)
    return b"".join([writer.head(), *map(writer.row, documents), writer.tail()])


@pytest.mark.parametrize("size", [1, 7, 1 << 16])
@pytest.mark.parametrize(
    ("name", "raw", "options", "rows"),
    [
        (
            "ndjson",
            b'\xef\xbb\xbf{"a":1}\r\n\n{"a":1,"a":2}\n{"b":"\xc3\xa4"}\n\xff\n[1]',
            {},
            [
                {"a": 1},
                ("FORMAT_PARSE", 3, 8),
                {"b": "ä"},
                ("FORMAT_PARSE", 5, 1),
                [1],
            ],
        ),
        (
            "csv",
            b'a,b\n1,"x\n\xc3\xa4"\n2\n3,"\xff\n"\n4,"y"z\n5,6\n',
            {},
            [
                {"a": "1", "b": "x\nä"},
                ("FORMAT_PARSE", 4, None),
                ("FORMAT_PARSE", 5, None),
                ("FORMAT_PARSE", 7, None),
                {"a": "5", "b": "6"},
            ],
        ),
        (
            "csv",
            b"a,b\n7,x\nz,1\n",
            {"types": {"a": "integer", "b": "integer"}},
            [("TYPE", 2, None), ("TYPE", 3, None)],
        ),
        ("csv", b"a,a\n1,2\n", {}, [("ended", "FORMAT_PARSE", 1, None)]),
        (
            "json",
            b' [ {"a": 12} ,\n {"a":1,"a":2}, "\xc3\xa4", 34 ,-5.5e1,[NaN]\n]\n ',
            {},
            [{"a": 12}, ("FORMAT_PARSE", 2, 9), "ä", 34, -55.0, ("FORMAT_PARSE", 2, 34)],
        ),
        ("json", b"[]", {}, []),
        (
            "json",
            b'{"n":{"rows":[9]},"x":"]","data":{"rows":[1,{"y":2}]},"rest":not read',
            {"rows": "/data/rows"},
            [1, {"y": 2}],
        ),
        ("json", b"[1,2", {}, [1, 2, ("ended", "FORMAT_PARSE", 1, 5)]),
        ("json", b"[1,\n2,,3]", {}, [1, 2, ("ended", "FORMAT_PARSE", 2, 3)]),
        ("json", b"[1] 2", {}, [1, ("ended", "FORMAT_PARSE", 1, 5)]),
        ("json", b'{"a":1}', {"rows": "/b"}, [("ended", "FORMAT_PARSE", 1, 7)]),
        (
            "xml",
            b"<?xml version='1.0'?>\n<all><x/><row id='1'><a>b</a></row><row>\xc3\xa4</row></all>",
            {"rows": "all/row"},
            [{"@id": "1", "a": "b"}, "ä"],
        ),
        (
            "xml",
            b"<o:all xmlns:o='urn:o'><o:row><o:l>1</o:l></o:row><row/></o:all>",
            {"rows": "p:all/p:row", "namespaces": {"p": "urn:o"}, "force_list": ["p:l"]},
            [{"p:l": ["1"]}],
        ),
        (
            "xml",
            b"<all>\n<row/><row></all>",
            {"rows": "all/row"},
            [None, ("ended", "FORMAT_PARSE", 2, 18)],
        ),
        ("xml", b"<all/>", {"rows": "all/row"}, [("ended", "FORMAT_PARSE", None, None)]),
        (
            "xml",
            b"<all><row>" + b"<d>" * 210 + b"</d>" * 210 + b"</row><row>1</row></all>",
            {"rows": "all/row"},
            [("LIMIT_DEPTH", None, None), "1"],
        ),
    ],
)
def test_rows_are_read_however_the_bytes_come(name, raw, options, rows, size):
    found = read(raw, name, size=size, **options)
    ended = [row[:3] if isinstance(row, tuple) and row[0] == "ended" else row for row in found]
    wanted = [row[:3] if isinstance(row, tuple) and row[0] == "ended" else row for row in rows]
    assert ended == wanted
    if size > 7:
        assert found[-1:] == rows[-1:]


@pytest.mark.parametrize("name", ["ndjson", "csv", "json"])
def test_other_character_sets_are_read_and_their_wrong_bytes_end_the_stream(name):
    raw = {"ndjson": '{"ä":"ß"}\n', "csv": "ä\nß\n", "json": '[{"ä":"ß"}]'}[name]
    assert read(raw.encode("utf-16"), name) == [{"ä": "ß"}]
    assert read(raw.encode("latin-1"), name, "latin-1") == [{"ä": "ß"}]
    assert read(raw.encode("utf-16") + b"\x00\xd8", name)[-1][:2] == ("ended", "FORMAT_PARSE")
    assert read(b"x", name, "no-such")[0][:2] == ("ended", "FORMAT_PARSE")


@thorough
@given(st.lists(JSON), st.integers(1, 9))
def test_json_streams_give_back_what_they_were_given(documents, size):
    for name in ("json", "ndjson"):
        again = read(written(name, documents), name, size=size)
        assert repr(again) == repr(documents)
    assert json.loads(written("json", documents)) == documents


@thorough
@given(st.lists(XML.map(lambda d: next(iter(d.values()))), min_size=1, max_size=3))
def test_xml_streams_give_back_what_they_were_given(documents):
    raw = written("xml", documents, rows="all/in/row")
    assert read(raw, "xml", rows="all/in/row") == documents
    assert codec.decode(raw, "", format_name="xml", options={"rows": "/all/in/row"}) == documents


@thorough
@given(st.binary(max_size=60), st.sampled_from(["ndjson", "csv", "json", "xml"]))
def test_whatever_comes_is_rows_or_faults_never_anything_else(raw, name):
    read(raw, name, **({"rows": "a/b"} if name == "xml" else {}))


def test_rows_over_the_limits_are_told_and_the_next_ones_read():
    long = b'"' + b"x" * MAX_LINE + b'"\n'
    assert read(b"1\n" + long + b"2\n", "ndjson") == [1, ("LIMIT_SIZE", 2, None), 2]
    assert read(b"a\n" + long, "csv") == [("ended", "LIMIT_SIZE", 2, None)]
    assert read(b"a\n" + b"1," * 2_000 + b"\n1\n", "csv") == [("LIMIT_SIZE", 2, None), {"a": "1"}]
    endless = b'["' + b"x" * (2 * json_rows.MAX_ITEM + 200_000)
    assert read(endless, "json") == [("ended", "LIMIT_SIZE", 1, 2)]
    assert read(b"[" * 100_000, "json") == [("ended", "LIMIT_DEPTH", 1, 2)]


def test_a_quote_that_is_never_closed_says_which_lines_it_took():
    raw = b'a\n1\n"2\n' + b"x" * 600 * 1024 + b"\n" + b"y" * 600 * 1024 + b"\n3\n"
    stream = formats.get("csv").rows(io.BytesIO(raw), charset=None, options={})
    rows = list(stream)
    assert [row.document for row in rows] == [{"a": "1"}, None, {"a": "3"}]
    assert "(lines 3 to 5)" in rows[1].faults[0].detail


@pytest.mark.parametrize(
    ("name", "documents", "options", "raw"),
    [
        ("ndjson", [{"a": 1}, 2], {}, b'{"a":1}\n2\n'),
        ("json", [{"a": 1}, 2], {}, b'[\n{"a":1},\n2\n]\n'),
        ("json", [], {}, b"[\n]\n"),
        ("csv", [{"a": 1, "b": None}, {"b": 2}], {}, b"a,b\r\n1,\r\n,2\r\n"),
        ("csv", [], {"columns": ["a"]}, b"a\r\n"),
        ("csv", [], {}, b""),
        (
            "xml",
            [{"@id": 1}, None],
            {"rows": "a/b", "namespaces": {"": "urn:x"}},
            b'<?xml version="1.0" encoding="UTF-8"?>\n<a xmlns="urn:x">\n<b id="1"/>\n<b/>\n</a>\n',
        ),
    ],
)
def test_rows_are_written(name, documents, options, raw):
    assert written(name, documents, **options) == raw


def converted(rows, name="ndjson", target="ndjson", rules=None, **options):
    spec = compile_spec({"rules": rules}, response=False) if rules else None
    sink, bad = io.BytesIO(), []
    source = streamed(formats.get(name), options).rows(rows, charset=None, options=options)
    writer = streamed(formats.get(target), {}).row_writer(options={})
    totals = convert_rows(source, sink, writer=writer, transform=spec, on_bad=bad.append)
    return sink.getvalue(), [row.as_dict() for row in bad], totals


def test_bad_rows_go_aside_with_their_number_line_and_reasons():
    raw = io.BytesIO(b'{"n":"1"}\n\n{"n":"x"}\n{\n{"n":"4"}\n')
    out, bad, totals = converted(raw, rules=[{"source": "n", "target": "n", "type": "integer"}])
    assert out == b'{"n":1}\n{"n":4}\n'
    assert [(row["row"], row["line"], row["errors"][0]["code"]) for row in bad] == [
        (2, 3, "TYPE"),
        (3, 4, "FORMAT_PARSE"),
    ]
    assert bad[0]["errors"][0]["value"] == "x"
    assert (totals.rows, totals.good, totals.bad) == (4, 2, 2)


def test_a_row_that_the_output_cannot_hold_is_a_bad_row():
    raw = io.BytesIO(b'{"a":[1]}\n{"a":1}\n{"a":2,"z":3}\n{"a":3}\n')
    out, bad, totals = converted(raw, target="csv")
    assert out == b"a\r\n1\r\n3\r\n"
    assert [row["errors"][0]["pointer"] for row in bad] == ["/a", "/z"]
    assert totals.good == 2


def test_no_more_bad_rows_are_held_than_a_hundred():
    class Endless(io.RawIOBase):
        lines = chain(repeat(b"{\n", 5_000), [b""])

        def readable(self):
            return True

        def readinto(self, into):
            line = next(self.lines)
            into[: len(line)] = line
            return len(line)

    _, bad, totals = converted(Endless())
    assert len(bad) == totals.bad == 5_000
    assert len(totals.first) == 100
    assert isinstance(totals, Totals)
