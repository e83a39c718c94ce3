"""Bodies: what the content type decides, what is refused, what is written."""

from __future__ import annotations

import pytest

from integration_hub.lib.errors import TransformFailed
from transformer.format import formats
from transformer.services import decode_body, encode_body


def refusal(content, content_type):
    with pytest.raises(TransformFailed) as caught:
        decode_body(content, content_type)
    assert caught.value.http_status == 502
    [fault] = caught.value.errors
    return fault


@pytest.mark.parametrize(
    ("content", "content_type", "document"),
    [
        (b'{"a": 1}', "application/json", {"a": 1}),
        (b'{"a": 1}', "APPLICATION/JSON; Charset=UTF-8", {"a": 1}),
        (b'{"a": 1}', "application/vnd.acme.v2+json", {"a": 1}),
        (b'{"a": 1}', "application/problem+json", {"a": 1}),
        (b'{"a": 1}', "text/json", {"a": 1}),
        (b"\xef\xbb\xbf[1]", "application/json", [1]),
        ('{"a": "ä"}'.encode("utf-16"), "application/json", {"a": "ä"}),
        ('"ä"'.encode("latin-1"), 'application/json; charset="ISO-8859-1"', "ä"),
        (b"12345678901234567890123", "application/json", 12345678901234567890123),
        (b"  \n", "application/json", None),
        (b"<a>1</a>", "application/xml", {"a": "1"}),
        (b"<a>1</a>", "text/xml", {"a": "1"}),
        (b"<a>1</a>", "application/soap+xml; charset=utf-8", {"a": "1"}),
        (
            b"a=1&b=2&a=3&c=",
            "application/x-www-form-urlencoded",
            {"a": ["1", "3"], "b": "2", "c": ""},
        ),
        (b"n=%C3%A4+b", "application/x-www-form-urlencoded", {"n": "ä b"}),
        (b"hello", "text/plain", "hello"),
        (b'{"a": 1}', "text/plain", '{"a": 1}'),
        (b"<p>x</p>", "text/html", "<p>x</p>"),
        ("Größe".encode("latin-1"), "text/plain; charset=latin-1", "Größe"),
        (
            "<!DOCTYPE html><meta charset='windows-1252'>€".encode("cp1252"),
            "text/html",
            "<!DOCTYPE html><meta charset='windows-1252'>€",
        ),
        (
            '<html><meta http-equiv=x content="text/html; charset=iso-8859-15">€'.encode("latin9"),
            "text/html",
            '<html><meta http-equiv=x content="text/html; charset=iso-8859-15">€',
        ),
        (
            "<html><meta charset=latin-1>ä".encode(),
            "text/html; charset=utf-8",
            "<html><meta charset=latin-1>ä",
        ),
        ("<html><meta charset=utf-16>ä".encode(), "text/html", "<html><meta charset=utf-16>ä"),
        ("<meta charset=latin-1>ä".encode(), "text/csv; charset=utf-8", "<meta charset=latin-1>ä"),
        (b'{"a": 1}', "", {"a": 1}),
        (b" [1]", "", [1]),
        (b"<a/>", "", {"a": None}),
        (b"plain", "", "plain"),
    ],
)
def test_the_content_type_decides(content, content_type, document):
    assert decode_body(content, content_type) == document


@pytest.mark.parametrize("content_type", ["application/json", "text/xml", "image/png", ""])
def test_an_empty_body_is_nothing_whatever_its_type(content_type):
    assert decode_body(b"", content_type) is None


@pytest.mark.parametrize(
    "content_type",
    ["image/png", "application/octet-stream", "application/pdf", "nonsense", "a/b/c"],
)
def test_types_that_are_not_known_are_refused_with_the_known_ones(content_type):
    fault = refusal(b"\x89PNG", content_type)
    assert "json" in fault.detail
    assert "xml" in fault.expected


def test_a_body_that_is_not_what_it_says_is_refused_with_the_place():
    fault = refusal(b'{"a": 1,\n "b": }', "application/json")
    assert (fault.code, fault.line, fault.column) == ("FORMAT_PARSE", 2, 7)
    fault = refusal(b"<a>\n<b></a>", "application/xml")
    assert (fault.code, fault.line) == ("FORMAT_PARSE", 2)
    fault = refusal(b"<html>", "application/json")
    assert (fault.line, fault.column) == (1, 1)
    assert refusal(b"a=%ff", "application/x-www-form-urlencoded").code == "FORMAT_PARSE"
    assert refusal(b"no pairs", "application/x-www-form-urlencoded").code == "FORMAT_PARSE"


def test_a_wrong_charset_is_refused_with_the_place():
    fault = refusal("abc\nä".encode("latin-1"), "text/plain")
    assert (fault.line, fault.column, fault.expected) == (2, 1, "utf-8")
    assert refusal(b"\xff\xfe\x00\xd8", "text/plain").code == "FORMAT_PARSE"


@pytest.mark.parametrize(
    "charset",
    ["nonsense", "utf-7", "hex", "zlib", "rot13", "idna", "unicode_escape", "x" * 9_000, "\x00"],
)
def test_what_is_no_charset_is_refused(charset):
    assert refusal(b"abc", f"text/plain; charset={charset}").code == "FORMAT_PARSE"


def test_a_form_has_a_limit_of_fields():
    assert refusal(b"&".join([b"a=1"] * 20_000), "application/x-www-form-urlencoded")


@pytest.mark.parametrize(
    ("kind", "document", "content", "content_type"),
    [
        ("json", {"a": [1, None]}, b'{"a":[1,null]}', "application/json"),
        (
            "form",
            {"a": [1, "x"], "b": True, "c": None, "d": ""},
            b"a=1&a=x&b=true&d=",
            "application/x-www-form-urlencoded",
        ),
        ("form", {"ä b": "&="}, b"%C3%A4+b=%26%3D", "application/x-www-form-urlencoded"),
        ("text", "hé", "hé".encode(), "text/plain; charset=utf-8"),
        ("text", 12, b"12", "text/plain; charset=utf-8"),
        ("text", None, b"", "text/plain; charset=utf-8"),
    ],
)
def test_documents_are_written(kind, document, content, content_type):
    assert encode_body(kind, document) == (content, content_type)


@pytest.mark.parametrize(
    ("kind", "document", "pointer"),
    [
        ("form", {"a": {"b": 1}}, "/a"),
        ("form", {"a": [[1]]}, "/a"),
        ("form", [1], ""),
        ("form", "x", ""),
        ("text", {"a": 1}, ""),
        ("multipart", {"a": {}}, "/a"),
        ("json", {"a": {1, 2}}, ""),
    ],
)
def test_what_a_format_cannot_hold_is_refused_with_its_place(kind, document, pointer):
    with pytest.raises(TransformFailed) as caught:
        encode_body(kind, document)
    assert caught.value.http_status == 422
    assert [fault.pointer for fault in caught.value.errors] == [pointer]


def test_multipart_names_its_boundary_and_keeps_names_inside_their_quotes():
    content, content_type = encode_body("multipart", {'a"\r\nX: y': "1", "b": ["2", 3]})
    boundary = content_type.removeprefix("multipart/form-data; boundary=").encode()
    parts = content.split(b"--" + boundary)
    assert parts[-1] == b"--\r\n"
    assert len(parts) == 5
    assert b'name="a%22%0D%0AX: y"\r\n\r\n1\r\n' in content
    assert encode_body("multipart", {})[1].startswith("multipart/form-data; boundary=hub-")


def test_multipart_is_written_and_not_read():
    assert "not read" in refusal(b"--x", "multipart/form-data; boundary=x").detail


def test_an_unknown_kind_lists_the_known_ones():
    with pytest.raises(TransformFailed, match="json"):
        encode_body("toml", {})


def test_every_format_says_what_it_reads():
    for name, found in formats:
        assert found.name == name
        assert found.media_types or not found.unasked
        assert all(found.reads(kind) for kind in found.media_types)
