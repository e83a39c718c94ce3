"""Converting a file in the admin: uploaded, downloaded, or told in words."""

from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from openpyxl import load_workbook

from transformer.named import services as named

pytestmark = pytest.mark.django_db
PAGE = "/admin/convert/"
ORDERS = b"<orders><order id='1'><q>2</q></order><order id='2'><q>x</q></order></orders>"


@pytest.fixture
def admin(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def send(admin):
    def post(name, raw, target, **more):
        upload = SimpleUploadedFile(name, raw) if isinstance(raw, bytes) else raw
        return admin.post(PAGE, {"upload": upload, "target": target, **more})

    return post


def downloaded(answer):
    assert answer.status_code == 200
    assert answer["Content-Disposition"].startswith("attachment"), answer.content.decode()[-3_000:]
    return answer["Content-Disposition"].partition("filename=")[2], b"".join(answer)


WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def told(answer):
    assert answer.status_code == 200
    assert "Content-Disposition" not in answer
    return answer.content.decode()


def test_the_page_asks_for_a_file_and_what_it_is_to_become(admin):
    page = admin.get(PAGE).content.decode()
    assert 'enctype="multipart/form-data"' in page
    assert '<option value="parquet">' in page
    assert page.count('<option value="edifact">') == 1, "read, but not written"


def test_rows_become_a_workbook_and_documents_another_shape(send):
    answer = send("orders.csv", b"id,name\n1,=x\n", "xlsx")
    assert answer["Content-Type"] == WORKBOOK
    name, raw = downloaded(answer)
    assert name == '"orders.xlsx"'
    rows = list(load_workbook(io.BytesIO(raw)).active.values)
    assert rows == [("id", "name"), ("1", "=x")]
    assert downloaded(send("a.yml", b"a: [1]", "json")) == ('"a.json"', b'{"a":[1]}')
    spec = "rules: [{source: a, target: $, type: string}]"
    lone = send("noname", b'{"a":1}\n', "yaml", source="ndjson", spec=spec)
    assert downloaded(lone) == ('"noname.yaml"', b'- "1"\n')


def test_a_spec_shapes_each_row(send):
    rules = "rules: [{source: '@id', target: id, type: integer}]"
    spec = "input: {options: {rows: orders/order}}\n" + rules
    assert downloaded(send("o.xml", ORDERS, "ndjson", spec=spec))[1] == b'{"id":1}\n{"id":2}\n'


def test_options_of_both_formats_have_fields_of_their_own(send):
    options = {"source_options": '{delimiter: ";"}', "target_options": "sheet: Stock"}
    _, raw = downloaded(send("a.csv", b"id;q\n1;2\n", "xlsx", **options))
    book = load_workbook(io.BytesIO(raw))
    assert book.sheetnames == ["Stock"]
    assert list(book.active.values) == [("id", "q"), ("1", "2")]
    spec = "input: {options: {header: false}}"
    page = told(send("a.csv", b"1\n", "json", spec=spec, **options | {"target_options": ""}))
    assert "give them in one place" in page


def test_the_document_may_be_shaped_as_a_whole(send):
    spec = "expression: $sum(q.$number())"
    assert downloaded(send("a.csv", b"q\n1\n2\n", "json", spec=spec, shape="document"))[1] == b"3"
    assert downloaded(send("a.csv", b"q\n1\n2\n", "ndjson", spec=spec))[1] == b"1\n2\n"


def test_a_named_transform_is_used(send):
    document = {
        "slug": "contact",
        "version": "1.0.0",
        "spec": {"rules": [{"source": "email", "target": "mail"}]},
        "examples": [{"input": {"email": "a"}, "output": {"mail": "a"}}],
    }
    named.publish_transform(
        transform=named.create_transform(document=document, actor="t"), actor="t"
    )
    spec = "use: contact@^1"
    assert downloaded(send("a.csv", b"email\na@b\n", "ndjson", spec=spec))[1] == b'{"mail":"a@b"}\n'
    assert "no transform" in told(send("a.csv", b"email\na@b\n", "ndjson", spec="use: contacts"))


def test_bad_rows_are_told_in_words_and_nothing_is_downloaded(send):
    spec = '{"input": {"options": {"rows": "orders/order"}}, "rules": [{"source": "q", "target": "q", "type": "integer"}]}'  # noqa: E501
    page = told(send("o.xml", ORDERS, "json", spec=spec))
    assert "bad rows, 1 of them" in page
    assert "Row 2: q: Not of the type integer" in page
    assert "100 or more" in told(send("a.csv", b"a\n" + b"1,2\n" * 300, "json"))


@pytest.mark.parametrize(
    ("name", "raw", "target", "more", "said"),
    [
        ("a.json", b'{"a":\n}', "xml", {}, "line 2, column 1"),
        ("a.xml", b"<!DOCTYPE a><a/>", "json", {}, "DOCTYPE"),
        ("a.what", b"x", "json", {}, "does not say the format"),
        ("a.json", b"[1]", "xml", {"spec": "rules: ["}, "neither YAML nor JSON"),
        ("a.json", b"[1]", "xml", {"spec": "[1]"}, "is an object"),
        ("a.json", b"{}", "xml", {"spec": "rules: [{}]"}, "Is required"),
        (
            "a.json",
            b"{}",
            "xml",
            {"source": "json", "spec": "input: {format: csv}"},
            "was asked for",
        ),
        ("a.json", b"{}", "html", {}, "not one of the available choices"),
        ("a.json", b'[{"a":1}]', "xml", {}, "XML needs an object"),
        ("a.xlsx", b"PK\x03\x04", "json", {}, "Not a workbook"),
        ("<script>alert(1)</script>.what", b"x", "json", {}, "script&gt;.what"),
    ],
)
def test_what_is_wrong_is_told(send, name, raw, target, more, said):
    page = told(send(name, raw, target, **more))
    assert said in page
    assert "<script>alert(1)" not in page


def test_a_file_over_the_limit_is_refused(send, settings):
    settings.HUB_MAX_REQUEST_BYTES = 4_096
    assert send("a.csv", b"a\n" + b"1\n" * 4_000, "json").status_code == 413


def test_a_large_file_is_read_from_where_it_was_put(send):
    upload = TemporaryUploadedFile("a.csv", "text/csv", 0, None)
    upload.write(b"a\n" + b"1\n" * 100_000)
    upload.seek(0)
    assert downloaded(send("", upload, "ndjson"))[1].count(b"\n") == 100_000


def test_only_who_may_see_definitions_may_convert(client, charlie):
    client.force_login(charlie)
    assert client.get(PAGE).status_code in (302, 403)
    client.logout()
    assert client.get(PAGE).status_code == 302
