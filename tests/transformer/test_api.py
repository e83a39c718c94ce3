"""`POST /transforms/preview` and `POST /convert`."""

from __future__ import annotations

import json

import pytest

PREVIEW, CONVERT = "/api/v1/transforms/preview", "/api/v1/convert"
RULES = [
    {"source": "order.id", "target": "id", "type": "integer"},
    {"source": "customer.password", "target": "secret"},
    {"source": "nothing", "target": "gone"},
]
INPUT = {"order": {"id": "17"}, "customer": {"password": "hunter2"}}


def preview(client, **body):
    return client.post(PREVIEW, body, format="json")


def convert(client, content, content_type, to="json"):
    return client.post(f"{CONVERT}?to={to}", content, content_type=content_type)


def test_a_preview_gives_the_result_and_what_each_rule_did(api):
    answer = preview(api("read"), spec={"rules": RULES}, input=INPUT)
    assert answer.status_code == 200
    body = json.loads(answer.content)
    assert body["result"] == {"id": 17, "secret": "hunter2"}
    assert body["errors"] == []
    assert [(t["target"], t["read"], t["wrote"], t["written"]) for t in body["trace"]] == [
        ("id", "17", "17", True),
        ("secret", "***", "***", True),
        ("gone", None, None, False),
    ]


def test_a_preview_with_errors_is_an_answer_not_a_failure(api):
    rules = [{"source": "order.id", "target": "id", "type": "boolean"}]
    answer = preview(api("read"), spec={"rules": rules}, input=INPUT)
    body = json.loads(answer.content)
    assert answer.status_code == 200
    assert body["result"] is None
    [error] = body["errors"]
    assert (error["code"], error["rule"], error["source_path"]) == ("TYPE", 0, "$.order.id")


def test_a_sample_of_text_is_decoded_by_the_format_of_the_spec(api):
    spec = {"input": {"format": "xml"}, "rules": [{"source": "o.id", "target": "id"}]}
    body = json.loads(preview(api("read"), spec=spec, input="<o><id>1</id></o>").content)
    assert body["result"] == {"id": "1"}
    body = json.loads(preview(api("read"), spec=spec, input="<o><id>").content)
    assert body["errors"][0]["code"] == "FORMAT_PARSE"
    assert body["errors"][0]["line"] == 1


def test_a_spec_that_does_not_compile_is_refused_with_pointers_into_the_body(api):
    answer = preview(api("read"), spec={"rules": [{"expr": "x(", "target": "t"}]}, input=1)
    assert answer.status_code == 400
    body = json.loads(answer.content)
    assert body["code"] == "VALIDATION_ERROR"
    assert [error["pointer"] for error in body["errors"]] == ["/spec/rules/0/expr"]


@pytest.mark.parametrize(
    "body",
    [{}, {"spec": {}}, {"spec": [], "input": 1}, {"spec": {}, "input": 1, "x": 1}, [], "x", None],
)
def test_a_body_that_is_no_preview_is_refused(api, body):
    answer = api("read").post(PREVIEW, json.dumps(body), content_type="application/json")
    assert answer.status_code == 400
    assert json.loads(answer.content)["errors"]


@pytest.mark.parametrize(
    ("content", "content_type", "to", "answer", "answer_type"),
    [
        (b"<a><b>1</b></a>", "application/xml", "json", b'{"a":{"b":"1"}}', "application/json"),
        (
            b'{"a": {"b": 1}}',
            "application/json",
            "xml",
            b'<?xml version="1.0" encoding="UTF-8"?>\n<a><b>1</b></a>',
            "application/xml; charset=utf-8",
        ),
        (b'{"a": 1}', "application/json", "form", b"a=1", "application/x-www-form-urlencoded"),
        (
            b"a=1&a=2",
            "application/x-www-form-urlencoded",
            "json",
            b'{"a":["1","2"]}',
            "application/json",
        ),
        (
            "Größe".encode("latin-1"),
            "text/plain; charset=latin-1",
            "text",
            "Größe".encode(),
            "text/plain; charset=utf-8",
        ),
        (
            b"12345678901234567890123",
            "application/json",
            "json",
            b"12345678901234567890123",
            "application/json",
        ),
        (b"", "application/json", "json", b"null", "application/json"),
    ],
)
def test_a_document_is_converted(api, content, content_type, to, answer, answer_type):
    for scope in ("execute", "read"):
        got = convert(api(scope), content, content_type, to)
        assert got.status_code == 200
        assert (got.content, got["Content-Type"]) == (answer, answer_type)


@pytest.mark.parametrize(
    ("content", "content_type", "to", "status"),
    [
        (b"{", "application/json", "json", 422),
        (b"<!DOCTYPE a><a/>", "application/xml", "json", 422),
        (b"--x", "multipart/form-data; boundary=x", "json", 400),
        (b"[1]", "application/json", "xml", 422),
        (b"[1]", "application/json", "toml", 400),
        (b"[1]", "application/json", "", 400),
        (b"[1]", "application/json", "multipart", 422),
        (b"[1]", "application/json", "html", 400),
    ],
)
def test_what_cannot_be_converted_is_a_problem_with_its_place(
    api, content, content_type, to, status
):
    got = convert(api("read"), content, content_type, to)
    assert got.status_code == status
    body = json.loads(got.content)
    assert got["Content-Type"] == "application/problem+json"
    assert body["errors"][0]["detail"]
    assert body["code"] == ("TRANSFORM_ERROR" if status == 422 else "VALIDATION_ERROR")


@pytest.mark.parametrize("content_type", ["image/png", "application/octet-stream"])
def test_a_type_that_no_format_reads_is_415(api, content_type):
    got = convert(api("read"), b"\x89PNG", content_type)
    assert got.status_code == 415
    assert json.loads(got.content)["code"] == "UNSUPPORTED_MEDIA_TYPE"


def test_structured_suffixes_are_read(api):
    got = convert(api("read"), b'{"a":1}', "application/vnd.acme.v2+json", "form")
    assert got.content == b"a=1"


def test_the_answer_may_be_asked_for_by_its_own_type(api):
    client = api("read")
    got = client.post(
        f"{CONVERT}?to=xml",
        b'{"a":1}',
        content_type="application/json",
        HTTP_ACCEPT="application/xml",
    )
    assert got.status_code == 200
    got = client.post(
        f"{CONVERT}?to=xml", b"{", content_type="application/json", HTTP_ACCEPT="application/xml"
    )
    assert (got.status_code, got["Content-Type"]) == (422, "application/problem+json")


def test_an_unknown_parameter_is_refused(api):
    assert (
        api("read")
        .post(f"{CONVERT}?to=json&form=xml", b"1", content_type="application/json")
        .status_code
        == 400
    )


@pytest.mark.parametrize(
    ("path", "scope"), [(PREVIEW, "execute"), (PREVIEW, "credentials"), (CONVERT, "credentials")]
)
def test_without_the_scope_nobody_gets_in(api, path, scope):
    assert api(scope).post(path, {}, format="json").status_code == 403
    assert api().post(path, {}, format="json").status_code == 401
