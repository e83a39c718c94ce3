"""What is refused in a definition's `http` block before it is stored."""

from __future__ import annotations

import pytest

from integration_hub.lib.schema import compile_schema
from tests.executor.adapters.conftest import adapter, method

SCHEMA = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "string"},
        "name": {"type": "string"},
        "tags": {"type": "array"},
        "deep": {"type": "object"},
    },
}
CLOSED = {**SCHEMA, "additionalProperties": False}


def faults(verb="GET", path="/x", schema=SCHEMA, **members):
    spec = method(verb, path, param_schema=schema, **members)
    return [(fault.pointer, fault.code) for fault in adapter.check_method(spec)]


def shape_faults(block):
    return {fault.pointer for fault in compile_schema(adapter.method_schema()).faults(block)}


@pytest.mark.parametrize(
    ("verb", "path", "members"),
    [
        ("GET", "/lists/{id}", {}),
        ("GET", "/lists/{name}", {}),  # that a call needs it goes without saying
        ("GET", "/x", {"query": {"q": "{q}"}, "headers": {"X-Q": "{q}"}}),  # the schema is open
        ("GET", "", {"schema": None}),
        ("GET", "/", {}),
        ("GET", "/a/b/", {}),
        ("GET", "/a%2Fb/{id}.json", {}),
        ("GET", "/x", {"query": {"q": "{name}", "t": "{tags}", "n": 1, "l": ["a", "{id}"]}}),
        ("GET", "/x", {"headers": {"X-Name": "{name}", "X-Fixed": "1"}}),
        ("GET", "/x", {"schema": None, "query": {"q": "{anything}"}}),
        ("POST", "/x", {"body": "multipart"}),
        ("POST", "/x", {"body": "none"}),
        ("GET", "/x", {"body": "none"}),
        ("POST", "/x", {"idempotency_header": "Idempotency-Key"}),
        ("GET", "/{id}", {"schema": {"allOf": [SCHEMA]}}),
        ("GET", "/{id}", {"schema": {"$ref": "#/$defs/p", "$defs": {"p": SCHEMA}}}),
        ("GET", "/x", {"schema": {**SCHEMA, "additionalProperties": True}, "query": {"q": "{z}"}}),
        ("GET", "/x", {"schema": {**SCHEMA, "anyOf": [{}]}, "query": {"q": "{z}"}}),
    ],
)
def test_a_sound_method_has_no_faults(verb, path, members):
    assert faults(verb, path, **members) == []


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/lists/{other}", "UNKNOWN_PARAMETER"),
        ("/x?y=z", "FORMAT"),
        ("/x#y", "FORMAT"),
        ("/a b", "FORMAT"),
        ("/a\\b", "FORMAT"),
        ("/a\nb", "FORMAT"),
        ("/a/../b", "FORMAT"),
        ("/a/./b", "FORMAT"),
        ("/a/%2e%2E/b", "FORMAT"),
        ("/a//b", "FORMAT"),
        ("//evil.example", "FORMAT"),
        ("/{id", "FORMAT"),
        ("/id}", "FORMAT"),
        ("/{}", "FORMAT"),
        ("/{{id}}", "FORMAT"),
        ("/100%", "INVALID"),
        ("/%zz", "INVALID"),
    ],
)
def test_a_path_that_cannot_be_meant_is_refused(path, code):
    assert ("/http/path", code) in faults("GET", path)


def test_a_path_parameter_without_any_schema_is_refused():
    assert faults("GET", "/lists/{id}", schema=None) == [("/http/path", "UNKNOWN_PARAMETER")]


@pytest.mark.parametrize("kind", ["array", "object", ["string", "object"]])
def test_a_path_parameter_is_a_plain_value(kind):
    schema = {"required": ["id"], "properties": {"id": {"type": kind}}}
    assert faults("GET", "/{id}", schema=schema) == [("/http/path", "INVALID")]


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"query": {"q": "{q}"}, "schema": CLOSED}, "/http/query/q"),
        ({"query": {"q": "{nmae}"}}, "/http/query/q"),
        ({"query": {"a/b~c": "{nmae}"}}, "/http/query/a~1b~0c"),
        ({"query": {"q": ["{id}", "{nmae}"]}}, "/http/query/q"),
        ({"query": {"q": "{deep}"}}, "/http/query/q"),
        ({"query": {"q": "{id"}}, "/http/query/q"),
        ({"headers": {"X-A": "{nmae}"}}, "/http/headers/X-A"),
        ({"headers": {"X-A": "{tags}"}}, "/http/headers/X-A"),
        ({"headers": {"X-A": "a\r\nb"}}, "/http/headers/X-A"),
        ({"headers": {"X A": "a"}}, "/http/headers/X A"),
        ({"headers": {"Host": "a"}}, "/http/headers/Host"),
        ({"headers": {"content-length": "1"}}, "/http/headers/content-length"),
        ({"headers": {"Transfer-Encoding": "chunked"}}, "/http/headers/Transfer-Encoding"),
        ({"headers": {"X-A": "1", "x-a": "2"}}, "/http/headers/x-a"),
        ({"idempotency_header": "Bad Name"}, "/idempotency_header"),
        ({"idempotency_header": "Host"}, "/idempotency_header"),
        ({"idempotency_header": "x-a", "headers": {"X-A": "1"}}, "/idempotency_header"),
        ({"body": "json"}, "/http/body"),
    ],
)
def test_a_slip_is_refused_with_its_place(members, pointer):
    assert [found for found, _ in faults("GET", "/x", **members)] == [pointer]


def test_a_transform_needs_a_body_to_make():
    transform = {"rules": []}
    assert faults("POST", "/x", body="none", request_transform=transform) == [
        ("/http/body", "BODY_NEEDED")
    ]
    assert faults("GET", "/x", request_transform=transform) == []


def test_a_multipart_body_sets_its_own_content_type():
    found = faults("POST", "/x", body="multipart", headers={"Content-Type": "multipart/form-data"})
    assert found == [("/http/headers", "FORBIDDEN_HEADER")]


def test_all_faults_are_found_at_once():
    found = faults("GET", "/{other}/../x", query={"q": "{tgs}"}, headers={"Host": "a"}, body="xml")
    assert {pointer for pointer, _ in found} == {
        "/http/path",
        "/http/query/q",
        "/http/headers/Host",
        "/http/body",
    }


def test_a_schema_that_refers_to_itself_ends():
    schema = {"$ref": "#", "properties": {"id": {"type": "string"}}, "required": ["id"]}
    assert faults("GET", "/{id}", schema=schema) == []


@pytest.mark.parametrize(
    ("block", "pointer"),
    [
        ({"path": "/x"}, "/method"),
        ({"method": "GET"}, "/path"),
        ({"method": "get", "path": "/x"}, "/method"),
        ({"method": "TRACE", "path": "/x"}, "/method"),
        ({"method": "GET", "path": "x"}, "/path"),
        ({"method": "GET", "path": "https://evil.example/"}, "/path"),
        ({"method": "GET", "path": 5}, "/path"),
        ({"method": "GET", "path": "/x", "body": "yaml"}, "/body"),
        ({"method": "GET", "path": "/x", "query": {"a": {"b": 1}}}, "/query/a"),
        ({"method": "GET", "path": "/x", "query": "a=b"}, "/query"),
        ({"method": "GET", "path": "/x", "headers": {"a": ["b"]}}, "/headers/a"),
    ],
)
def test_the_schema_of_a_block_names_the_place(block, pointer):
    assert pointer in shape_faults(block)


def test_unknown_keys_are_refused():
    assert shape_faults({"method": "GET", "path": "/x", "qurey": {}})


@pytest.mark.parametrize(
    ("base_url", "sound"),
    [
        ("https://api.acme.example/v1", True),
        ("HTTP://localhost:8000", True),
        ("ftp://api.acme.example", False),
        ("api.acme.example", False),
        ("", False),
        (5, False),
    ],
)
def test_the_config_needs_an_http_base_url(base_url, sound):
    validator = compile_schema(adapter.config_schema())
    assert (validator.faults({"base_url": base_url}) == ()) is sound
    assert validator.faults({})


@pytest.mark.parametrize(
    ("verb", "safe"),
    [
        ("GET", True),
        ("HEAD", True),
        ("OPTIONS", True),
        ("PUT", True),
        ("DELETE", True),
        ("POST", False),
        ("PATCH", False),
    ],
)
def test_which_methods_are_safe_to_repeat(verb, safe):
    assert adapter.is_idempotent({"method": verb}) is safe


def test_every_scheme_of_the_contract_is_promised():
    named = "none basic digest bearer api_key oauth2 jwt hmac aws_sigv4 mtls session_login custom"
    assert adapter.supported_auth == set(named.split())
