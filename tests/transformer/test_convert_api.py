"""`POST /convert`: formats and options named, a transform between, files up and down."""

from __future__ import annotations

import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook, load_workbook

from transformer import bounded
from transformer.api import convert_openapi as openapi
from transformer.format import formats
from transformer.named import services as named

pytestmark = pytest.mark.django_db
PATH = "/api/v1/convert"
ROWS = [{"sku": "a-1", "qty": 2}, {"sku": "b-2", "qty": 3}]
RULES = [
    {"source": "sku", "target": "id"},
    {"source": "qty", "target": "count", "type": "integer"},
]
LINES = '[{"id":"a-1","count":2},{"id":"b-2","count":3}]'
CONTACT = {
    "slug": "stock",
    "version": "1.0.0",
    "spec": {"rules": RULES},
    "examples": [{"input": {"sku": "a", "qty": "1"}, "output": {"id": "a", "count": 1}}],
}


def workbook(rows):
    book, out = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def parquet(rows):
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), out)
    return out.getvalue()


def file(name, content, kind="application/octet-stream"):
    return SimpleUploadedFile(name, content, content_type=kind)


@pytest.fixture
def send(api):
    """`send(fields)`: a form, as `curl -F` sends it."""
    client = api("read")
    return lambda fields, query="": client.post(f"{PATH}{query}", fields, format="multipart")


@pytest.fixture
def body(api):
    """`body(content, type, query)`: the content alone, as `curl --data-binary` sends it."""
    client = api("read")
    return lambda content, kind, **query: client.generic(
        "POST", PATH, content, content_type=kind, query_params=query
    )


def downloaded(answer):
    assert answer.status_code == 200, answer.content
    shown = answer["Content-Disposition"]
    assert shown.startswith('attachment; filename="')
    return shown.removeprefix('attachment; filename="').rstrip('"'), answer.content


def refused(answer, status=400):
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    problem = json.loads(answer.content)
    return problem["errors"][0]["pointer"], problem["errors"][0]["detail"]


SOURCES = {
    "csv": b"sku,qty\na-1,2\nb-2,3\n",
    "tsv": b"sku\tqty\na-1\t2\nb-2\t3\n",
    "json": json.dumps(ROWS).encode(),
    "ndjson": b"".join(json.dumps(row).encode() + b"\n" for row in ROWS),
    "yaml": b"- {sku: a-1, qty: 2}\n- {sku: b-2, qty: 3}\n",
    "xlsx": workbook([["sku", "qty"], ["a-1", 2], ["b-2", 3]]),
    "parquet": parquet(ROWS),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_a_file_of_rows_is_uploaded_and_shaped(send, kind):
    spec = {"rules": [{"source": "$", "target": "$", "each": RULES}]}
    fields = {"file": file(f"stock.{kind}", SOURCES[kind]), "to": "json", "spec": json.dumps(spec)}
    answer = send(fields)
    assert downloaded(answer) == ("stock.json", LINES.encode())
    assert answer["Content-Type"] == "application/json"


X12 = (
    b"ISA*00*          *00*          *ZZ*A              *ZZ*B              "
    b"*200101*0101*U*00401*000000001*0*P*>~IEA*0*000000001~"
)
OTHERS = {
    "xml": (b"<o><a>1</a></o>", {"o": {"a": "1"}}),
    "xml_tree": (b"<o>1</o>", {"children": [{"name": "o", "children": ["1"]}]}),
    "form": (b"a=1", {"a": "1"}),
    "text": (b"hello", "hello"),
    "html": (b"<title>T</title>", None),
    "edifact": (b"UNB+UNOA:1+a+b+200101:0101+1'UNZ+0+1'", None),
    "x12": (X12, None),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_every_other_readable_format_is_named(send, kind):
    content, expected = OTHERS[kind]
    fields = {"file": file("noname", content), "from": kind, "to": "json"}
    name, made = downloaded(send(fields))
    assert name == "noname.json"
    assert json.loads(made)
    assert expected is None or json.loads(made) == expected


def test_these_are_all_formats_that_are_read():
    assert {*SOURCES, *OTHERS} == {name for name, found in formats if found.readable}


WRITTEN = {
    "json": ("json", "application/json"),
    "ndjson": ("ndjson", "application/x-ndjson"),
    "csv": ("csv", "text/csv; charset=utf-8"),
    "tsv": ("tsv", "text/tab-separated-values; charset=utf-8"),
    "yaml": ("yaml", "application/yaml"),
    "xlsx": ("xlsx", openapi.XLSX),
    "parquet": ("parquet", openapi.PARQUET),
    "xml": ("xml", "application/xml; charset=utf-8"),
    "xml_tree": ("xml", "application/xml; charset=utf-8"),
    "form": ("txt", "application/x-www-form-urlencoded"),
    "text": ("txt", "text/plain; charset=utf-8"),
    "multipart": ("txt", "multipart/form-data; boundary=hub-"),
}
MADE_OF = {
    "xml": {"o": {"a": 1}},
    "xml_tree": {"children": [{"name": "o"}]},
    "form": {"a": 1},
    "multipart": {"a": 1},
    "text": "hello",
}


@pytest.mark.parametrize("kind", WRITTEN)
def test_every_writable_format_is_a_download_with_its_media_type(send, kind):
    content = json.dumps(MADE_OF.get(kind, ROWS)).encode()
    answer = send({"file": file("a b.json", content, "application/json"), "to": kind})
    ending, media_type = WRITTEN[kind]
    name, made = downloaded(answer)
    assert name == f"a b.{ending}"
    assert answer["Content-Type"].startswith(media_type)
    assert made
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_these_are_all_formats_that_are_written():
    assert set(WRITTEN) == {name for name, found in formats if found.writable}


def test_a_workbook_and_a_table_hold_what_was_sent(body):
    made = downloaded(body(SOURCES["json"], "application/json", to="xlsx", to_options="sheet: S"))
    assert made[0] == "converted.xlsx"
    book = load_workbook(io.BytesIO(made[1]))
    assert book.sheetnames == ["S"]
    assert list(book.active.values) == [("sku", "qty"), ("a-1", 2), ("b-2", 3)]
    made = downloaded(body(SOURCES["xlsx"], openapi.XLSX, to="parquet"))
    assert pq.read_table(io.BytesIO(made[1])).to_pylist() == ROWS
    made = downloaded(body(made[1], openapi.PARQUET, to="csv", to_options='{"delimiter": ";"}'))
    assert made[1] == b"sku;qty\r\na-1;2\r\nb-2;3\r\n"


def test_options_are_those_of_the_named_formats(body):
    said = {"from": "csv", "from_options": '{"delimiter": ";", "header": false}', "to": "json"}
    assert downloaded(body(b"1;2\n", "text/plain", **said))[1] == b'[["1","2"]]'
    said = {"from_options": '{"force_list": ["line"]}', "to": "json"}
    made = downloaded(body(b"<o><line>a</line></o>", "application/xml", **said))[1]
    assert made == b'{"o":{"line":["a"]}}'
    said = {"to": "xml", "to_options": "root: orders"}
    assert (
        b"<orders><a>1</a></orders>" in downloaded(body(b'{"a":1}', "application/json", **said))[1]
    )


@pytest.mark.parametrize(
    ("spec", "made"),
    [
        ({"rules": [{"source": "[0].sku", "target": "first"}]}, b'{"first":"a-1"}'),
        ({"expression": "$sum(qty.$number())"}, b"5"),
        ({"template": {"skus": "${[*].sku}", "by": "hub"}}, b'{"skus":["a-1","b-2"],"by":"hub"}'),
    ],
)
def test_the_document_is_shaped_in_between(body, spec, made):
    said = {"to": "json", "spec": json.dumps(spec)}
    assert downloaded(body(SOURCES["csv"], "text/csv", **said))[1] == made


def test_each_row_is_shaped_where_that_is_asked(body):
    said = {"to": "json", "shape": "rows", "spec": json.dumps({"rules": RULES})}
    made = downloaded(body(SOURCES["csv"], "text/csv", **said))[1]
    assert json.loads(made) == json.loads(LINES)
    answer = body(b"sku,qty\na-1,2\nb-2,x\nc-3,y\n", "text/csv", **said)
    assert answer.status_code == 422
    problem = json.loads(answer.content)
    assert "Bad rows: 2" in problem["detail"]
    assert [(e["pointer"], e["line"], e["code"]) for e in problem["errors"]] == [
        ("/1/qty", 3, "TYPE"),
        ("/2/qty", 4, "TYPE"),
    ]
    answer = body(b"sku,qty\n" + b"a-1,x\n" * 500, "text/csv", **said)
    assert len(json.loads(answer.content)["errors"]) == 100
    pointer, detail = refused(body(SOURCES["xlsx"], openapi.XLSX, **said))
    assert pointer == "/shape"
    assert "use `each`" in detail


def test_a_named_transform_is_used_by_who_may_read(body, api):
    named.publish_transform(
        transform=named.create_transform(document=CONTACT, actor="t"), actor="t"
    )
    said = {"to": "json", "shape": "rows", "spec": '{"use": "stock@^1"}'}
    made = downloaded(body(SOURCES["csv"], "text/csv", **said))[1]
    assert json.loads(made) == json.loads(LINES)
    wrong = {**said, "spec": '{"use": "stok@^1"}'}
    assert refused(body(b"", "text/csv", **wrong))[0] == "/spec/use"
    answer = api("execute").generic(
        "POST", PATH, SOURCES["csv"], content_type="text/csv", query_params=said
    )
    assert answer.status_code == 403
    assert "scope read" in json.loads(answer.content)["detail"]


def test_the_spec_may_be_a_file_and_name_both_formats(send):
    spec = b"""
input: {format: csv, options: {delimiter: ";"}}
expression: '$.{ "n": $number(qty) }'
output: {format: yaml}
"""
    fields = {"file": file("x", b"qty\n2\n3\n"), "spec": file("spec.yaml", spec)}
    assert downloaded(send(fields)) == ("x.yaml", b"- n: 2\n- n: 3\n")


def test_the_type_of_the_part_and_its_character_set_count(send):
    part = file("x.bin", "<o>ä</o>".encode("latin-1"), "application/xml; charset=latin-1")
    assert downloaded(send({"file": part, "to": "json"}))[1] == '{"o":"ä"}'.encode()
    part = file("orders.csv", b"a\n1\n", "application/vnd.ms-excel")
    assert downloaded(send({"file": part, "to": "json"}))[1] == b'[{"a":"1"}]'


def test_the_name_of_a_download_is_harmless(body):
    form = (
        '--b\r\nContent-Disposition: form-data; name="file"; filename="../../x\\"\x01y;ä.csv"\r\n'
        "\r\na\n1\n\r\n--b--\r\n"
    )
    answer = body(form.encode(), "multipart/form-data; boundary=b", to="json")
    assert answer.status_code == 200, answer.content
    shown = answer["Content-Disposition"]
    assert shown == "attachment; filename*=utf-8''x%22y%3B%C3%A4.json"


CSV = {"to": "json"}


@pytest.mark.parametrize(
    ("fields", "pointer", "said"),
    [
        ({}, "/to", "takes one of csv"),
        ({"to": "toml"}, "/to", "takes one of csv"),
        ({"to": "html"}, "/to", "takes one of"),
        ({**CSV, "from": "multipart"}, "/from", "takes one of csv"),
        ({**CSV, "from_options": "{"}, "/from_options", "neither JSON nor YAML"),
        ({**CSV, "from_options": "[1]"}, "/from_options", "is an object"),
        ({**CSV, "from_options": '{"delimter": ";"}'}, "/from_options/delimter", "did you mean"),
        ({**CSV, "from_options": '{"delimiter": ";;"}'}, "/from_options/delimiter", ""),
        ({**CSV, "to_options": '{"root": "x"}'}, "/to_options/root", "known here"),
        ({**CSV, "shape": "row"}, "/shape", "document, rows"),
        ({**CSV, "spec": "rules: ["}, "/spec", "neither JSON nor YAML"),
        ({**CSV, "spec": '{"rules": [{"expr": "x(", "target": "t"}]}'}, "/spec/rules/0/expr", ""),
        ({**CSV, "spec": '{"rules": [], "a": 1}'}, "/spec/rules", ""),
        ({**CSV, "spec": '{"limits": {"timeout_ms": 0}}'}, "/spec/limits/timeout_ms", ""),
        ({**CSV, "spec": '{"limits": 1}'}, "/spec/limits", ""),
        ({"spec": '{"output": {"format": "toml"}}'}, "/spec/output/format", "toml"),
        (
            {**CSV, "from_options": "a: 1", "spec": "input: {options: {header: false}}"},
            "/from_options",
            "in one place",
        ),
        ({**CSV, "spec": "x" * 300_000}, "/spec", "256 KiB"),
        ({**CSV, "spce": "{}"}, "/spce", "no field"),
    ],
)
def test_what_is_asked_wrongly_is_told_with_its_field(send, fields, pointer, said):
    found, detail = refused(send({"file": file("a.csv", b"a\n1\n"), **fields}))
    assert (found, said in detail) == (pointer, True), detail


def test_a_form_without_its_file_or_with_things_twice_is_refused(send):
    assert refused(send({"to": "json"}))[0] == "/file"
    assert "-F file=@" in refused(send({"to": "json", "file": "a,b"}))[1]
    twice = [file("a.csv", b"a\n1\n"), file("b.csv", b"a\n1\n")]
    assert refused(send({"to": "json", "file": twice}))[0] == "/file"
    assert refused(send({"to": ["json", "xml"], "file": twice[0]}))[0] == "/to"
    assert refused(send({"to": "json", "file": file("a.csv", b"a\n")}, "?to=json"))[0] == "/to"
    wrong = {"to": "json", "file": file("a.csv", b"a\n"), "spec": file("s", b"\xff")}
    assert refused(send(wrong))[0] == "/spec"


@pytest.mark.parametrize(
    ("name", "kind"), [("a.png", "image/png"), ("a", "application/octet-stream"), ("a.exe", "")]
)
def test_a_file_that_nothing_says_the_format_of_is_415(send, name, kind):
    answer = send({"file": file(name, b"\x89", kind), "to": "json"})
    assert answer.status_code == 415
    assert "`from`" in json.loads(answer.content)["detail"]


@pytest.mark.parametrize(
    ("kind", "content"),
    [("xlsx", b"PK\x03\x04"), ("parquet", b"PAR1"), ("csv", b"a\n1,2\n"), ("json", b"{")],
)
def test_a_broken_file_is_told_with_its_place(send, kind, content):
    answer = send({"file": file(f"a.{kind}", content), "to": "json"})
    assert answer.status_code == 422
    assert json.loads(answer.content)["errors"][0]["code"] == "FORMAT_PARSE"


def test_a_form_over_the_limit_of_requests_is_refused(send, settings):
    settings.HUB_MAX_REQUEST_BYTES = 4_096
    fields = {"file": file("a.csv", b"a\n" + b"1\n" * 4_000), "to": "json"}
    assert send(fields).status_code == 413


@pytest.mark.parametrize(
    ("shape", "spec"),
    [
        ("rows", {"template": {"t": "x" * 1_000}}),
        ("document", {"rules": [{"source": "$", "target": "$", "each": [
            {"value": "x" * 1_000, "target": "t"}]}]}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("to", ["ndjson", "json"])
def test_a_small_body_cannot_become_a_huge_result(body, shape, spec, to):
    said = {"to": to, "shape": shape, "spec": json.dumps(spec)}
    answer = body(b"a\n" + b"1\n" * 80_000, "text/csv", **said)
    assert answer.status_code == 422
    [error] = json.loads(answer.content)["errors"]
    assert error["code"] == "LIMIT_SIZE"


@pytest.mark.parametrize("shape", ["rows", "document"])
def test_a_conversion_ends_at_its_time(body, monkeypatch, shape):
    monkeypatch.setattr(bounded, "MAX_MS", 1)
    monkeypatch.setattr("transformer.asking.MAX_MS", 1)
    each = {"rules": [{"source": "$", "target": "$", "each": RULES}]}
    spec = {"rules": RULES} if shape == "rows" else each
    said = {"to": "ndjson", "shape": shape, "spec": json.dumps(spec)}
    answer = body(b"sku,qty\n" + b"a,1\n" * 40_000, "text/csv", **said)
    assert answer.status_code == 422
    assert json.loads(answer.content)["errors"][0]["code"] == "LIMIT_TIME"


def test_the_session_of_a_browser_may_convert_too(client, alice):
    client.force_login(alice)
    answer = client.post(PATH, {"file": file("a.csv", b"a\n1\n"), "to": "json"})
    assert answer.content == b'[{"a":"1"}]'


def test_the_description_names_what_there_is():
    known = {essence for _, found in formats for essence in found.media_types[:1]}
    described = {media_type for _, media_type in openapi.CONVERTED}
    assert described <= known
    assert set(openapi.CONVERT_BODY) <= known
    example = openapi.EXAMPLES[0].value
    assert set(example) <= set(openapi._FORM["properties"])


def test_the_example_of_the_description_works(send):
    fields = dict(openapi.EXAMPLES[0].value)
    made = downloaded(send({**fields, "file": file("stock.csv", fields["file"].encode())}))
    assert made[0] == "stock.xlsx"
    rows = list(load_workbook(io.BytesIO(made[1]))["Stock"].values)
    assert rows == [("sku", "count"), ("a-1", 2)]
