"""`manage.py convert`: as an operator uses it."""

from __future__ import annotations

import io
import json
import sys

import pytest
from django.core.management import CommandError, call_command

from tests.benchmarks.bench_convert import measure

SPEC = {"rules": [{"source": "id", "target": "id", "type": "integer"}]}


class Terminal(io.StringIO):
    def isatty(self):
        return True


def convert(*args, code=0, stderr=None, **options):
    """What it said on stderr."""
    err = stderr or io.StringIO()
    if not code:
        call_command("convert", *map(str, args), stderr=err, **options)
        return err.getvalue()
    with pytest.raises(SystemExit) as end:
        call_command("convert", *map(str, args), stderr=err, **options)
    assert end.value.code == code, err.getvalue()
    return err.getvalue()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in.csv").write_text("id,name\n1,Ada\nx,Bob\n3,Eve\n")
    (tmp_path / "spec.json").write_text(json.dumps(SPEC))
    return tmp_path


def names(folder):
    return {path.name for path in folder.iterdir()} - {"in.csv", "spec.json"}


def test_good_rows_are_written_and_bad_ones_collected(folder):
    said = convert(
        folder / "in.csv",
        folder / "out.ndjson",
        spec=str(folder / "spec.json"),
        errors=str(folder / "bad.ndjson"),
        code=3,
    )
    assert (folder / "out.ndjson").read_text() == '{"id":1}\n{"id":3}\n'
    bad = [json.loads(line) for line in (folder / "bad.ndjson").read_text().splitlines()]
    assert [(row["row"], row["line"], row["errors"][0]["code"]) for row in bad] == [(2, 3, "TYPE")]
    assert "2 rows written; 1 are bad" in said
    assert names(folder) == {"out.ndjson", "bad.ndjson"}


@pytest.mark.parametrize("body", [{"expression": "id & '!'"}, {"template": "${id}!"}])
def test_expressions_and_templates_shape_each_row_too(folder, body):
    (folder / "spec.json").write_text(json.dumps(body))
    convert(folder / "in.csv", folder / "out.ndjson", spec=str(folder / "spec.json"))
    assert (folder / "out.ndjson").read_text() == '"1!"\n"x!"\n"3!"\n'


@pytest.mark.parametrize("more", [{}, {"errors": "bad", "max_errors": 0}])
def test_a_bad_row_that_is_not_allowed_leaves_everything_as_it_was(folder, more):
    (folder / "out.ndjson").write_text("before")
    if "errors" in more:
        more["errors"] = str(folder / more["errors"])
    with pytest.raises(CommandError, match="2"):
        convert(folder / "in.csv", folder / "out.ndjson", spec=str(folder / "spec.json"), **more)
    assert (folder / "out.ndjson").read_text() == "before"
    assert names(folder) == {"out.ndjson"}


def test_input_that_breaks_off_leaves_nothing_half_written(folder):
    (folder / "cut.json").write_text('[{"id": 1},\n{"id": ')
    with pytest.raises(CommandError, match="line 2, column 8"):
        convert(folder / "cut.json", folder / "out.csv", errors=str(folder / "bad"))
    assert names(folder) == {"cut.json"}


def test_documents_are_converted_whole(folder):
    (folder / "a.xml").write_text("<order id='7'><line>a</line></order>")
    convert(folder / "a.xml", folder / "a.yml")
    assert (folder / "a.yml").read_text() == 'order:\n  "@id": "7"\n  line: a\n'
    convert(folder / "a.yml", folder / "a.json")
    assert json.loads((folder / "a.json").read_text()) == {"order": {"@id": "7", "line": "a"}}
    (folder / "list.json").write_text('[{"id": "1"}, {"id": "2"}]')
    (folder / "count.json").write_text(json.dumps({"rules": [{"source": "[1].id", "target": "b"}]}))
    convert(folder / "list.json", folder / "b.json", spec=str(folder / "count.json"), whole=True)
    assert json.loads((folder / "b.json").read_text()) == {"b": "2"}


def test_xml_rows_become_a_workbook_and_rows_again(folder):
    (folder / "a.xml").write_text("<all><r><n>1</n></r><r><n>2</n></r></all>")
    convert(folder / "a.xml", folder / "a.xlsx", in_options=["rows=all/r"])
    convert(folder / "a.xlsx", folder / "b.xml", out_options=["rows=x/y", "namespaces={p: urn:p}"])
    assert "<y><n>1</n></y>" in (folder / "b.xml").read_text()
    convert(folder / "a.xlsx", folder / "c.csv", out_options=["header=false"])
    assert (folder / "c.csv").read_bytes() == b"1\r\n2\r\n"


def test_stdin_and_stdout(folder, monkeypatch):
    class Stream:
        def __init__(self, raw):
            self.buffer = io.BufferedReader(io.BytesIO(raw)) if raw else io.BytesIO()

    monkeypatch.setattr(sys, "stdin", Stream('[{"a":"ß"}]'.encode("latin-1")))
    monkeypatch.setattr(sys, "stdout", out := Stream(b""))
    convert("-", "-", source="json", target="ndjson", encoding="latin-1")
    assert out.buffer.getvalue() == '{"a":"ß"}\n'.encode()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"output": "out.what"}, "does not say the format"),
        ({"source": "cvs"}, "Known formats"),
        ({"input": "absent.csv"}, "No such file"),
        ({"output": "no/such/folder.csv"}, "No such file"),
        ({"in_options": ["delimeter=;"]}, "delimeter"),
        ({"in_options": ["x"]}, "OPTION=VALUE"),
        ({"in_options": ["types={a"]}, "types="),
        ({"spec": "in.csv"}, "a transform spec"),
        ({"spec": "other.json"}, "'xml', and 'csv' was asked for"),
        ({"errors": "out.ndjson"}, "the same file"),
    ],
)
def test_wrong_usage_is_told(folder, options, said):
    (folder / "other.json").write_text('{"input": {"format": "xml"}}')
    given = {"input": "in.csv", "output": "out.ndjson", **options}
    for name in ("input", "output", "spec", "errors"):
        if name in given:
            given[name] = str(folder / given[name])
    if "spec" in options and "other" in options["spec"]:
        given["source"] = "csv"
    with pytest.raises(CommandError, match=said):
        convert(given.pop("input"), given.pop("output"), **given)
    assert names(folder) == {"other.json"}


def test_machines_read_the_outcome_as_json(folder):
    said = convert(
        folder / "in.csv",
        folder / "o.json",
        spec=str(folder / "spec.json"),
        errors=str(folder / "bad"),
        json=True,
        code=3,
    )
    told = json.loads(said)
    assert (told["ok"], told["good"], told["bad"]) == (False, 2, 1)
    assert told["first_bad"][0]["row"] == 2
    failed = convert(folder / "in.csv", folder / "o.what", json=True, code=1)
    assert json.loads(failed)["ok"] is False


def test_a_terminal_sees_how_far_it_is(folder):
    (folder / "many.csv").write_text("id\n" + "1\n" * 5_000)
    shown = convert(folder / "many.csv", folder / "o.ndjson", stderr=Terminal())
    assert "[" in shown
    assert "1,000 rows, 0 bad" in shown
    assert "\r" not in convert(folder / "many.csv", folder / "o.ndjson")


@pytest.mark.parametrize("kind", ["ndjson", "csv", "json", "xml"])
def test_a_stream_takes_no_more_memory_than_some_rows(kind, tmp_path):
    """The benchmark does the same with 200 MiB."""
    measured = measure(kind, 10 if kind == "ndjson" else 2, tmp_path)
    assert measured.bad >= measured.rows // 1_000
    assert measured.growth < 24
