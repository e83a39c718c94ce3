"""The `graphql` adapter against a server that runs graphql-core."""

from __future__ import annotations

import json

import pytest

from integration_hub.lib.errors import ValidationFailed
from registry import services as registry
from registry.building import spec_of_text
from tests.executor.adapters.calling import faults
from tests.executor.adapters.through import connect
from tests.protocol_servers import TOKEN, graphql_server

CONTACT = "query Contact($id: ID!) { contact(id: $id) { id name mail } }"
ID = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}


def refused(code: str, **block):
    return {"graphql": {"query": f'{{ refused(code: "{code}") }}', **block}}


def document(**methods):
    return {
        "slug": "crm",
        "name": "CRM",
        "version": "1.0.0",
        "type": "graphql",
        "auth": [{"type": "bearer"}],
        "methods": methods or METHODS,
    }


METHODS = {
    "contact": {"param_schema": ID, "graphql": {"query": CONTACT}},
    "contact_data": {"param_schema": ID, "graphql": {"query": CONTACT, "partial": "data"}},
    "contact_both": {"param_schema": ID, "graphql": {"query": CONTACT, "partial": "both"}},
    "contacts": {
        "graphql": {
            "query": "query ($after: String) { contacts(after: $after) { items { id } next } }"
        },
        "pagination": {
            "style": "cursor",
            "cursor_path": "contacts.next",
            "param": "after",
            "items_path": "contacts.items",
        },
    },
    "rename": {
        "graphql": {
            "query": "mutation R($id: ID!, $name: String!) {"
            "  rename(id: $id, name: $name) { name }"
            "} query Q { contact(id: 1) { id } }",
            "operation_name": "R",
        },
        "request_transform": {
            "rules": [{"source": "who", "target": "id"}, {"source": "to", "target": "name"}]
        },
        "response_transform": {"rules": [{"source": "rename.name", "target": "name"}]},
    },
    "denied": refused("FORBIDDEN"),
    "unknown": refused("NOT_FOUND"),
    "busy": refused("THROTTLED"),
    "own": refused("E-17", errors={"E-17": 409}),
    "broken": {"graphql": {"query": "{ broken }"}},
    "no_field": {"graphql": {"query": "{ nothing }"}},
    "nonsense": {"graphql": {"query": "{ broken }", "path": "/nonsense"}},
    "slow": {"graphql": {"query": "{ slow }"}, "timeout_ms": 300},
}


@pytest.fixture
def server():
    made = graphql_server()
    yield made
    made.stop()


@pytest.fixture
def call(db, server):
    return connect(document(), {"base_url": server.url}, type="bearer", data={"token": TOKEN})


def test_parameters_are_the_variables_and_the_data_is_the_result(call, server) -> None:
    made = call("contact", {"id": "1"})
    assert made.body["data"] == {"contact": {"id": "1", "name": "Ada", "mail": "ada@acme.example"}}
    headers, body = server.received[-1]
    assert json.loads(body)["variables"] == {"id": "1"}
    assert json.loads(body)["operationName"] == "Contact"
    assert headers["accept"].startswith("application/graphql-response+json")
    assert TOKEN not in made.kept


def test_a_transform_makes_the_variables_and_reads_the_data(call) -> None:
    assert call("rename", {"who": "1", "to": "Bea"}).body["data"] == {"name": "Bea"}


def test_data_with_errors_is_a_failure_data_or_both_as_the_definition_says(call) -> None:
    failed = call("contact", {"id": "7"})
    assert (failed.status, failed.body["code"]) == (502, "AUTH_ERROR")
    assert "No access to mail." in failed.body["upstream"]["body"]
    contact = {"id": "7", "name": "Ada", "mail": None}
    assert call("contact_data", {"id": "7"}).body["data"] == {"contact": contact}
    both = call("contact_both", {"id": "7"}).body["data"]
    assert both["data"] == {"contact": contact}
    assert both["errors"][0]["message"] == "No access to mail."
    assert call("contact_both", {"id": "1"}).body["data"]["errors"] == []
    assert call("contact_data", {"id": "0"}).body["data"] == {"contact": None}


@pytest.mark.parametrize(
    ("method", "code", "status", "retryable"),
    [
        ("denied", "AUTH_ERROR", 403, False),
        ("unknown", "INTEGRATION_ERROR", 404, False),
        ("busy", "INTEGRATION_ERROR", 429, True),
        ("own", "INTEGRATION_ERROR", 409, False),
        ("broken", "INTEGRATION_ERROR", 500, True),
        ("no_field", "INTEGRATION_ERROR", 400, False),
        ("nonsense", "RESPONSE_INVALID", None, False),
        ("slow", "TIMEOUT_ERROR", None, True),
    ],
)
def test_what_went_wrong_is_told_by_the_status_that_says_the_same(
    call, method, code, status, retryable
) -> None:
    body = call(method).body
    assert (body["code"], body["retryable"]) == (code, retryable)
    assert (body.get("upstream") or {}).get("status") == status


def test_pages_are_followed_by_a_variable(call) -> None:
    made = call("contacts")
    assert [item["id"] for item in made.body["data"]] == ["0", "1", "2", "3", "4", "5"]


def test_a_variable_that_the_query_needs_is_asked_for_before_anything_is_sent(db, server) -> None:
    method = {"graphql": {"query": CONTACT}}
    call = connect(
        document(m=method), {"base_url": server.url}, type="bearer", data={"token": TOKEN}
    )
    made = call("m")
    assert (made.status, made.body["errors"][0]["pointer"]) == (400, "/parameters/id")
    assert server.received == []


def test_the_wrong_credential_and_a_forbidden_address_are_told_as_with_http(
    db, server, settings
) -> None:
    call = connect(document(), {"base_url": server.url}, type="bearer", data={"token": "other"})
    assert call("contact", {"id": "1"}).body["code"] == "AUTH_ERROR"
    settings.HUB_OUTBOUND_ALLOW = []
    assert call("contact", {"id": "1"}).body["code"] == "TARGET_FORBIDDEN"


@pytest.mark.parametrize(
    ("block", "members", "pointer", "says"),
    [
        ({"query": "query { a "}, {}, "/graphql/query", "(line 1, column 11)"),
        ({"query": "fragment F on A { a }"}, {}, "/graphql/query", "no operation"),
        ({"query": "{" * 3000}, {}, "/graphql/query", ""),
        ({"query": "query A { a }", "operation_name": "B"}, {}, "/graphql/operation_name", "A"),
        (
            {"query": CONTACT},
            {"param_schema": {"properties": {"ids": {}}}},
            "/graphql/query",
            "$ids",
        ),
        (
            {"query": "{ a }"},
            {"param_schema": {"properties": {"x": {}}}},
            "/param_schema/properties/x",
            "no variable $x",
        ),
    ],
)
def test_a_method_that_cannot_work_is_refused_at_its_place(block, members, pointer, says) -> None:
    found = {fault.pointer: fault.detail for fault in faults("graphql", block, **members)}
    assert says in found[pointer]


def test_a_health_check_that_needs_a_variable_is_refused(db) -> None:
    wrong = document(m={"graphql": {"query": CONTACT}}) | {"health_check": {"method": "m"}}
    with pytest.raises(ValidationFailed) as refused_:
        registry.create_definition(document=wrong, actor="tests")
    assert refused_.value.errors[0].pointer == "/health_check/method"


def test_a_query_is_safe_to_repeat_and_a_mutation_is_not(db) -> None:
    row = registry.create_definition(document=document(), actor="tests")
    methods = spec_of_text(row.effective).methods
    assert methods["contact"].idempotent
    assert not methods["rename"].idempotent
