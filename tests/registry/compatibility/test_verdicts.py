"""Pairs of versions, and what the comparison must say of each."""

import copy

import pytest

from registry.building import build_spec
from registry.compatibility import compare
from registry.document import parse_definition

OLD = {
    "slug": "acme",
    "name": "Acme",
    "version": "1.1.0",
    "type": "http",
    "config_schema": {
        "type": "object",
        "required": ["base_url"],
        "properties": {"base_url": {"type": "string"}, "region": {"enum": ["eu", "us"]}},
    },
    "default_config": {"base_url": "https://api.acme.example"},
    "allowed_hosts": ["api.acme.example", "*.acme.example"],
    "sunset": "2030-06-30",
    "auth": [
        {"id": "key", "type": "api_key", "in": "header", "name": "X-Api-Key"},
        {"id": "token", "type": "bearer"},
    ],
    "methods": {
        "ping": {"http": {"method": "GET", "path": "/status"}},
        "create": {
            "risk": "write",
            "param_schema": {
                "type": "object",
                "required": ["email"],
                "properties": {
                    "email": {"type": "string", "maxLength": 100},
                    "kind": {"type": "string", "enum": ["a", "b"]},
                    "age": {"type": "integer", "minimum": 0},
                    "code": {"type": "string", "pattern": "^[a-z]+$"},
                    "tags": {"type": "array", "items": {"$ref": "#/$defs/tag"}},
                },
                "$defs": {"tag": {"type": "string", "maxLength": 10}},
            },
            "result_schema": {
                "type": "object",
                "required": ["id"],
                "properties": {
                    "id": {"type": "string"},
                    "state": {"enum": ["new", "old"]},
                    "note": {"type": ["string", "null"]},
                },
            },
            "http": {"method": "POST", "path": "/contacts", "body": "json"},
        },
    },
}
P = "/methods/create/param_schema"
R = "/methods/create/result_schema"
GONE = object()


def at(document, pointer, value):
    """The document with `value` at `pointer`; GONE takes it out."""
    *path, last = pointer.split("/")[1:]
    node = document
    for part in path:
        node = node[int(part)] if isinstance(node, list) else node[part]
    key = int(last) if isinstance(node, list) else last
    if value is GONE:
        del node[key]
    else:
        node[key] = value


PAIRS = [
    # what is changed in the new version, what stands there, where it is said, what is said
    ("/methods/ping", GONE, "/methods/ping", "breaking"),
    ("/methods/more", {"http": {"method": "GET", "path": "/m"}}, "/methods/more", "compatible"),
    (f"{P}/required", ["email", "kind"], f"{P}/required", "breaking"),
    (f"{P}/required", [], f"{P}/required", "compatible"),
    (f"{P}/properties/kind/enum", ["a"], f"{P}/properties/kind/enum", "breaking"),
    (f"{P}/properties/kind/enum", ["a", "b", "c"], f"{P}/properties/kind/enum", "compatible"),
    (f"{P}/properties/kind/enum", GONE, f"{P}/properties/kind", "compatible"),
    (f"{P}/properties/age/type", "number", f"{P}/properties/age/type", "compatible"),
    (f"{P}/properties/email/type", "integer", f"{P}/properties/email/type", "breaking"),
    (f"{P}/properties/age/minimum", 18, f"{P}/properties/age/minimum", "breaking"),
    (f"{P}/properties/age/minimum", -1, f"{P}/properties/age/minimum", "compatible"),
    (f"{P}/properties/email/maxLength", 50, f"{P}/properties/email/maxLength", "breaking"),
    (f"{P}/properties/email/maxLength", 200, f"{P}/properties/email/maxLength", "compatible"),
    (f"{P}/properties/email/format", "email", f"{P}/properties/email/format", "breaking"),
    (f"{P}/properties/code/pattern", "^[A-Z]+$", f"{P}/properties/code/pattern", "breaking"),
    (f"{P}/properties/code/pattern", GONE, f"{P}/properties/code", "compatible"),
    (f"{P}/additionalProperties", False, f"{P}/additionalProperties", "breaking"),
    (f"{P}/properties/code", GONE, f"{P}/properties/code", "breaking"),
    (f"{P}/properties/extra", {"type": "string"}, f"{P}/properties/extra", "compatible"),
    (f"{P}/$defs/tag/maxLength", 5, f"{P}/$defs/tag/maxLength", "breaking"),
    (f"{P}/description", "What to create.", P, "compatible"),
    (P, GONE, P, "compatible"),
    (f"{R}/properties/state", GONE, f"{R}/properties/state", "breaking"),
    (f"{R}/properties/more", {"type": "string"}, f"{R}/properties/more", "compatible"),
    (f"{R}/properties/state/enum", ["new", "old", "x"], f"{R}/properties/state/enum", "breaking"),
    (f"{R}/properties/state/enum", ["new"], f"{R}/properties/state/enum", "compatible"),
    (f"{R}/properties/id/type", ["string", "null"], f"{R}/properties/id/type", "breaking"),
    (f"{R}/properties/note/type", "string", f"{R}/properties/note/type", "compatible"),
    (f"{R}/required", ["id", "state"], f"{R}/required", "compatible"),
    (f"{R}/required", [], f"{R}/required", "breaking"),
    (R, GONE, R, "breaking"),
    ("/methods/create/risk", "destructive", "/methods/create/risk", "breaking"),
    ("/methods/create/risk", "read", "/methods/create/risk", "compatible"),
    ("/methods/ping/idempotent", False, "/methods/ping/idempotent", "breaking"),
    ("/methods/create/idempotent", True, "/methods/create/idempotent", "compatible"),
    ("/methods/ping/pagination", {"style": "page"}, "/methods/ping/pagination", "breaking"),
    ("/methods/create/http/path", "/people", "/methods/create/http", "compatible"),
    ("/methods/create/http/path", "/people/{code}", "/methods/create/http", "breaking"),
    ("/methods/create/timeout_ms", 9, "/methods/create/timeout_ms", "compatible"),
    ("/auth/1", GONE, "/auth/1", "breaking"),
    ("/auth/0/name", "X-Key", "/auth/0/name", "breaking"),
    ("/auth/1/type", "basic", "/auth/1/type", "breaking"),
    ("/auth/0/errors", [{"status": [401], "outcome": "fatal"}], "/auth/0/errors", "compatible"),
    ("/allowed_hosts/1", GONE, "/allowed_hosts/1", "breaking"),
    ("/allowed_hosts", GONE, "/allowed_hosts", "breaking"),
    ("/config_schema/required", ["region"], "/config_schema/required", "breaking"),
    ("/config_schema/properties/region/enum", ["eu"], "/config_schema", "breaking"),
    ("/default_config", {}, "/default_config", "breaking"),
    ("/default_config/base_url", "https://b.acme.example", "/default_config", "compatible"),
    ("/sunset", "2029-06-30", "/sunset", "breaking"),
    ("/sunset", GONE, "/sunset", "compatible"),
    ("/rate_limit", {"requests": 5}, "/rate_limit", "compatible"),
    ("/tags", ["crm"], "/tags", "compatible"),
]


@pytest.mark.parametrize(("where", "what", "said_at", "verdict"), PAIRS)
def test_each_change_has_its_verdict_and_its_place(where, what, said_at, verdict):
    document = copy.deepcopy(OLD) | {"version": "1.2.0"}
    at(document, where, what)
    report = compare(build_spec(OLD), build_spec(document))
    assert report.verdict == verdict, report.changes
    decisive = [change for change in report.changes if change.kind.value == verdict]
    assert any(change.pointer.startswith(said_at) for change in decisive), report.changes
    assert report.honest is (verdict == "compatible")


def test_the_pairs_begin_at_a_document_that_is_right():
    assert parse_definition(OLD).version == "1.1.0"


def test_the_same_document_under_a_new_number_is_identical():
    report = compare(build_spec(OLD), build_spec(copy.deepcopy(OLD) | {"version": "1.1.1"}))
    assert (report.verdict, report.changes, report.honest) == ("identical", (), True)


def test_a_member_that_is_required_now_and_has_a_default_breaks_nobody():
    document = copy.deepcopy(OLD)
    document["config_schema"]["required"] = ["base_url", "region"]
    document["default_config"]["region"] = "eu"
    assert compare(build_spec(OLD), build_spec(document)).verdict == "compatible"


def test_a_renamed_method_is_named():
    document = copy.deepcopy(OLD)
    document["methods"]["status"] = document["methods"].pop("ping")
    removed, added = compare(build_spec(OLD), build_spec(document)).changes
    assert (removed.pointer, added.pointer) == ("/methods/ping", "/methods/status")
    assert "It seems to be `status` now." in removed.detail


def test_another_adapter_breaks():
    other = build_spec(copy.deepcopy(OLD) | {"type": "graphql"})
    report = compare(build_spec(OLD), other)
    assert report.changes[0].pointer == "/type"


def test_schemas_that_refer_to_themselves_are_compared_in_the_end():
    tree = {"$ref": "#/$defs/node"}
    node = {"type": "object", "properties": {"down": tree}}
    old, new = copy.deepcopy(OLD), copy.deepcopy(OLD)
    old["methods"]["create"]["param_schema"] = tree | {"$defs": {"node": node}}
    narrow = node | {"required": ["down"]}
    new["methods"]["create"]["param_schema"] = tree | {"$defs": {"node": narrow}}
    report = compare(build_spec(old), build_spec(new))
    assert [change.pointer for change in report.changes] == [f"{P}/$defs/node/required"]


STEPS = [
    ("1.1.0", "1.2.0", False),
    ("1.1.0", "1.1.1", False),
    ("1.1.0", "2.0.0", True),
    ("2.0.0", "1.1.0", True),
    ("0.1.0", "0.1.1", False),
    ("0.1.0", "0.2.0", True),
    ("0.0.1", "0.0.2", True),
    ("0.9.0", "1.0.0", True),
    ("1.1.0", "1.2.0-rc.1", True),
    ("2.0.0-rc.1", "2.0.0", True),
]


@pytest.mark.parametrize(("before", "after", "honest"), STEPS)
def test_a_breaking_change_needs_a_number_that_ranges_do_not_cross(before, after, honest):
    old, new = copy.deepcopy(OLD) | {"version": before}, copy.deepcopy(OLD) | {"version": after}
    del new["methods"]["ping"]
    assert compare(build_spec(old), build_spec(new)).honest is honest
