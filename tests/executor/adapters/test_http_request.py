"""Contract §4: how path, query, headers and body come from a method and its parameters."""

from __future__ import annotations

import json

import pytest

from integration_hub.lib.errors import TransformFailed, ValidationFailed
from tests.executor.adapters.conftest import built, method


@pytest.mark.parametrize(
    ("base", "path", "url"),
    [
        ("https://a.example", "/x", "https://a.example/x"),
        ("https://a.example/", "/x", "https://a.example/x"),
        ("https://a.example/v1", "/x", "https://a.example/v1/x"),
        ("https://a.example/v1/", "/x/", "https://a.example/v1/x/"),
        ("https://a.example/v1", "/", "https://a.example/v1/"),
        ("https://a.example/v1", "", "https://a.example/v1"),
        ("https://a.example/v1/", "", "https://a.example/v1/"),
        ("https://a.example/v1?key=1", "/x", "https://a.example/v1/x?key=1"),
        ("https://a.example:8443/v1", "/x y/ü", "https://a.example:8443/v1/x%20y/%C3%BC"),
        ("https://a.example", "/a%2Fb:c;d=e@f", "https://a.example/a%2Fb:c;d=e@f"),
    ],
)
def test_the_path_is_appended_to_the_base_url(base, path, url):
    assert built(method("GET", path), base_url=base).url == url


@pytest.mark.parametrize(
    ("value", "segment"),
    [
        ("plain", "plain"),
        ("a/b", "a%2Fb"),
        ("../admin", "..%2Fadmin"),
        ("a?b=c#d", "a%3Fb%3Dc%23d"),
        ("%2e%2e", "%252e%252e"),
        ("a b+c", "a%20b%2Bc"),
        ("a;b=c,d", "a%3Bb%3Dc%2Cd"),
        ("//evil.example", "%2F%2Fevil.example"),
        ("\\..\\", "%5C..%5C"),
        ("@evil.example:80", "%40evil.example%3A80"),
        ("a\r\nHost: b", "a%0D%0AHost%3A%20b"),
        ("\x00", "%00"),
        ("...", "..."),
        ("日本", "%E6%97%A5%E6%9C%AC"),
        (7, "7"),
        (10**30, str(10**30)),
        (1.5, "1.5"),
        (True, "true"),
        ("{other}", "%7Bother%7D"),
    ],
)
def test_a_parameter_is_one_segment_of_the_path(value, segment):
    request = built(method("GET", "/lists/{id}/items"), {"id": value})
    assert request.url == f"https://api.acme.example/v1/lists/{segment}/items"


@pytest.mark.parametrize("value", [".", "..", "", None, [], ["a"], {"a": 1}, "a\ud800"])
def test_a_parameter_that_would_bend_the_path_is_refused(value):
    with pytest.raises(ValidationFailed) as caught:
        built(method("GET", "/lists/{id}/items"), {"id": value})
    assert caught.value.errors[0].pointer == "/parameters/id"


def test_two_parameters_may_not_make_a_dot_segment_together():
    spec = method("GET", "/{a}{b}/x")
    with pytest.raises(ValidationFailed):
        built(spec, {"a": ".", "b": "."})
    assert built(spec, {"a": ".", "b": "a"}).url.endswith("/.a/x")


@pytest.mark.parametrize(("given", "code"), [({}, "REQUIRED"), ({"id": ""}, "FORMAT")])
def test_a_path_without_its_parameter_is_no_request(given, code):
    with pytest.raises(ValidationFailed) as caught:
        built(method("GET", "/lists/{id}"), given)
    assert [(f.pointer, f.code) for f in caught.value.errors] == [("/parameters/id", code)]


def test_a_missing_path_parameter_is_named():
    with pytest.raises(ValidationFailed, match="'id'"):
        built(method("GET", "/lists/{id}"))


def test_the_query_is_filled_and_absent_entries_are_dropped():
    spec = method(
        "GET",
        query={"q": "name:{name}", "limit": "{limit}", "tag": "{tags}", "fixed": 1, "flag": True},
    )
    assert built(spec, {"name": "a&b=c"}).url.endswith("?q=name%3Aa%26b%3Dc&fixed=1&flag=true")
    assert built(spec, {"limit": 5, "tags": ["x", "y z"], "name": None}).url.endswith(
        "?limit=5&tag=x&tag=y%20z&fixed=1&flag=true"
    )
    assert built(spec, {"limit": None, "tags": []}).url.endswith("?fixed=1&flag=true")


def test_a_list_of_entries_repeats_its_key():
    spec = method("GET", query={"expand": ["a", "{b}", "c"]})
    assert built(spec, {"b": "x"}).url.endswith("?expand=a&expand=x&expand=c")
    assert built(spec).url.endswith("?expand=a&expand=c")


@pytest.mark.parametrize("value", [{"a": 1}, [["a"]], [None], [{"a": 1}]])
def test_what_is_no_plain_value_is_refused_in_the_query(value):
    with pytest.raises(ValidationFailed) as caught:
        built(method("GET", query={"q": "{q}"}), {"q": value})
    assert caught.value.errors[0].pointer == "/parameters/q"


def test_headers_are_filled_and_absent_ones_are_dropped():
    spec = method("GET", headers={"X-Tenant": "t-{tenant}", "X-Page": "{page}", "X-Fixed": 7})
    request = built(spec, {"tenant": " bücher "})
    assert request.headers["X-Tenant"] == "t- bücher"
    assert request.headers["X-Fixed"] == "7"
    assert "X-Page" not in request.headers


@pytest.mark.parametrize("value", ["a\r\nX-Evil: b", "a\nb", "a\rb", "a\x00", "\x1b[0m", "a\x7f"])
def test_a_header_cannot_be_broken_out_of(value):
    with pytest.raises(ValidationFailed) as caught:
        built(method("GET", headers={"X-Tenant": "{tenant}"}), {"tenant": value})
    assert caught.value.errors[0].pointer == "/parameters/tenant"


def test_a_header_has_a_largest_size():
    spec = method("GET", headers={"X-A": "{a}"})
    assert len(built(spec, {"a": "x" * 8192}).headers["X-A"]) == 8192
    with pytest.raises(ValidationFailed, match="8192"):
        built(spec, {"a": "x" * 8193})


def test_a_url_has_a_largest_size():
    with pytest.raises(ValidationFailed, match="8192"):
        built(method("GET"), {"q": "x" * 9000})


@pytest.mark.parametrize("verb", ["POST", "PUT", "PATCH"])
def test_unused_parameters_form_the_body(verb):
    spec = method(verb, "/lists/{id}", query={"q": "{q}"}, headers={"X-A": "{a}"})
    request = built(spec, {"id": 1, "q": 2, "a": 3, "email": "a@example.com", "name": None})
    assert json.loads(request.body or b"") == {"email": "a@example.com", "name": None}
    assert request.headers["Content-Type"].startswith("application/json")
    assert request.url.endswith("/lists/1?q=2")


@pytest.mark.parametrize("verb", ["GET", "HEAD", "DELETE", "OPTIONS"])
def test_unused_parameters_form_the_query(verb):
    request = built(method(verb, "/lists/{id}"), {"id": 1, "a b": "c&d", "e": [1, 2], "f": None})
    assert request.url.endswith("/lists/1?a%20b=c%26d&e=1&e=2")
    assert request.body is None
    assert "Content-Type" not in request.headers


def test_an_unused_parameter_cannot_take_a_key_that_the_method_fixes():
    spec = method("GET", query={"role": "reader"})
    with pytest.raises(ValidationFailed) as caught:
        built(spec, {"role": "admin"})
    assert caught.value.errors[0].pointer == "/parameters/role"


def test_a_transform_s_output_alone_is_the_body():
    request = built(method("POST"), {"a": 1, "b": 2}, transformed={"c": {"d": 3}})
    assert json.loads(request.body or b"") == {"c": {"d": 3}}
    assert request.url == "https://api.acme.example/v1/x"


@pytest.mark.parametrize("verb", ["GET", "HEAD", "DELETE"])
def test_a_transform_s_output_alone_is_the_query(verb):
    spec = method(verb, "/x/{a}", query={"fixed": 1})
    request = built(spec, {"a": 1, "b": 2}, transformed={"c": "d", "e": None})
    assert request.url.endswith("/x/1?fixed=1&c=d")
    assert built(spec, {"a": 1, "b": 2}, transformed=None).url.endswith("/x/1?fixed=1")


@pytest.mark.parametrize("output", [[1], "text", {"a": {"b": 1}}])
def test_a_transform_whose_output_is_no_query_is_named(output):
    with pytest.raises(TransformFailed) as caught:
        built(method("GET"), transformed=output)
    assert caught.value.http_status == 422


def test_without_anything_to_send_only_a_named_kind_makes_a_body():
    spec = method("POST", "/x/{id}")
    assert built(spec, {"id": 1}).body is None
    assert "Content-Type" not in built(spec, {"id": 1}).headers
    assert built(method("POST", "/x/{id}", body="json"), {"id": 1}).body == b"{}"


def test_body_none_moves_the_parameters_to_the_query():
    request = built(method("POST", body="none"), {"a": 1})
    assert (request.body, request.url) == (None, "https://api.acme.example/v1/x?a=1")


def test_forms_multipart_xml_and_text_are_written():
    form = built(method("POST", body="form"), {"a": "b c", "d": "é"})
    assert form.body in (b"a=b+c&d=%C3%A9", b"a=b%20c&d=%C3%A9")
    assert form.headers["Content-Type"].startswith("application/x-www-form-urlencoded")
    xml = built(method("POST", body="xml"), {"order": {"id": "7"}})
    assert b"<order>" in (xml.body or b"")
    assert "xml" in xml.headers["Content-Type"]
    parts = built(method("POST", body="multipart"), {"a": "b"})
    assert "boundary=" in parts.headers["Content-Type"]
    text = built(method("POST", body="text"), {"message": "hé"})
    assert text.body == "hé".encode()
    assert text.headers["Content-Type"].startswith("text/plain")


def test_a_text_body_takes_one_parameter():
    with pytest.raises(ValidationFailed, match="one parameter"):
        built(method("POST", body="text"), {"a": "b", "c": "d"})
    assert built(method("POST", body="text")).body is None


def test_a_definition_may_name_its_own_content_type():
    spec = method("POST", headers={"content-type": "application/vnd.api+json"})
    headers = built(spec, {"a": 1}).headers
    assert {name.lower(): value for name, value in headers.items()}["content-type"] == (
        "application/vnd.api+json"
    )
    assert sum(name.lower() == "content-type" for name in headers) == 1


def test_json_or_xml_is_asked_for_unless_the_definition_says_otherwise():
    assert built(method("GET")).headers["Accept"].startswith("application/json")
    assert (
        built(method("POST", body="xml"), {"a": "b"})
        .headers["Accept"]
        .startswith("application/xml")
    )
    spec = method("GET", response_transform={"input": {"format": "xml"}, "rules": []})
    assert built(spec).headers["Accept"].startswith("application/xml")
    accept = built(method("GET", headers={"accept": "text/csv"})).headers
    assert [value for name, value in accept.items() if name.lower() == "accept"] == ["text/csv"]


def test_the_idempotency_key_goes_into_the_header_that_the_upstream_takes():
    spec = method("POST", idempotency_header="Idempotency-Key")
    assert built(spec, idempotency_key="k-1").headers["Idempotency-Key"] == "k-1"
    assert "Idempotency-Key" not in built(spec).headers
    assert "k-1" not in str(built(method("POST"), idempotency_key="k-1").headers)


def test_headers_of_the_call_are_added():
    assert built(method("GET"), headers={"traceparent": "00-1"}).headers["traceparent"] == "00-1"
