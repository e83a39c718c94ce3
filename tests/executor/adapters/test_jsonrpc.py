"""The `jsonrpc` adapter against a server that runs jsonrpcserver."""

from __future__ import annotations

import json

import pytest

from tests.executor.adapters.calling import faults
from tests.executor.adapters.through import connect
from tests.protocol_servers import TOKEN, jsonrpc_server

NUMBERS = {
    "type": "object",
    "properties": {"minuend": {"type": "integer"}, "subtrahend": {"type": "integer"}},
}
DOCUMENT = {
    "slug": "calc",
    "name": "Calculator",
    "version": "1.0.0",
    "type": "jsonrpc",
    "auth": [{"type": "bearer"}],
    "health_check": {"method": "ping"},
    "methods": {
        "ping": {"jsonrpc": {"method": "ping"}},
        "subtract": {"param_schema": NUMBERS, "jsonrpc": {"method": "subtract"}},
        "in_order": {
            "param_schema": NUMBERS,
            "jsonrpc": {"method": "subtract", "positional": ["minuend", "subtrahend"]},
        },
        "shaped": {
            "jsonrpc": {"method": "subtract"},
            "request_transform": {
                "rules": [
                    {"source": "a", "target": "minuend"},
                    {"source": "b", "target": "subtrahend"},
                ]
            },
        },
        "contact": {"jsonrpc": {"method": "missing"}},
        "contact_404": {"jsonrpc": {"method": "missing", "errors": {"-32004": 404}}},
        "no_method": {"jsonrpc": {"method": "nothing"}},
        "slow": {"jsonrpc": {"method": "slow"}, "timeout_ms": 300},
        **{
            f"crooked_{path}": {"jsonrpc": {"method": "ping", "path": f"/{path}"}}
            for path in ("other-id", "both", "old", "no-code", "list", "text")
        },
    },
}


@pytest.fixture
def server():
    made = jsonrpc_server()
    yield made
    made.stop()


@pytest.fixture
def call(db, server):
    return connect(DOCUMENT, {"base_url": server.url}, type="bearer", data={"token": TOKEN})


def test_parameters_go_by_name_and_the_result_comes_back_alone(call, server) -> None:
    made = call("subtract", {"minuend": 2**70, "subtrahend": 1})
    assert made.body["data"] == 2**70 - 1
    sent = json.loads(server.received[-1][1])
    assert (sent["jsonrpc"], sent["method"]) == ("2.0", "subtract")
    assert sent["params"] == {"minuend": 2**70, "subtrahend": 1}
    assert TOKEN not in made.kept
    assert call("ping").body["data"] == "pong"
    assert "params" not in json.loads(server.received[-1][1])


def test_parameters_go_in_order_where_the_definition_says(call, server) -> None:
    assert call("in_order", {"subtrahend": 3, "minuend": 5}).body["data"] == 2
    assert json.loads(server.received[-1][1])["params"] == [5, 3]
    call("in_order", {"minuend": 5})
    assert json.loads(server.received[-1][1])["params"] == [5]
    assert call("shaped", {"a": 9, "b": 2}).body["data"] == 7


def test_each_request_has_an_id_of_its_own(call, server) -> None:
    call("ping")
    call("ping")
    first, second = (json.loads(body)["id"] for _, body in server.received)
    assert first != second


@pytest.mark.parametrize(
    ("method", "parameters", "status"),
    [
        ("contact", {}, 500),
        ("contact_404", {}, 404),
        ("no_method", {}, 404),
        ("subtract", {"minuend": 1}, 422),
    ],
)
def test_an_error_object_is_a_refusal_with_the_status_that_says_the_same(
    call, method, parameters, status
) -> None:
    body = call(method, parameters).body
    assert (body["code"], body["upstream"]["status"]) == ("INTEGRATION_ERROR", status)
    assert body["detail"].startswith("The external system answered error -32")
    assert json.loads(body["upstream"]["body"])["code"] < -32000


@pytest.mark.parametrize("path", ["other-id", "both", "old", "no-code", "list", "text"])
def test_what_is_no_answer_to_the_request_is_refused(call, path) -> None:
    body = call(f"crooked_{path}").body
    assert (body["code"], body["retryable"]) == ("RESPONSE_INVALID", False)


def test_a_slow_call_that_is_not_safe_to_repeat_says_so(call) -> None:
    body = call("slow").body
    assert (body["code"], body["retryable"]) == ("TIMEOUT_ERROR", False)


def test_the_circuit_and_the_limits_hold_as_for_http(db, server) -> None:
    breaks = {
        "jsonrpc": {"method": "missing", "errors": {"-32004": 503}},
        "circuit_breaker": {"window": 4, "min_calls": 2, "cooldown_ms": 60_000},
    }
    limited = {
        "jsonrpc": {"method": "ping"},
        "rate_limit": {"requests": 1, "per_seconds": 60, "burst": 1},
    }
    document = DOCUMENT | {"methods": {"breaks": breaks, "limited": limited}}
    del document["health_check"]
    call = connect(document, {"base_url": server.url}, type="bearer", data={"token": TOKEN})
    codes = [call("breaks").body["code"] for _ in range(3)]
    assert codes == ["INTEGRATION_ERROR", "INTEGRATION_ERROR", "CIRCUIT_OPEN"]
    assert call("limited").status == 200
    assert call("limited").body["code"] == "RATE_LIMIT_EXCEEDED"


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"request_transform": {"expression": "[1]"}}, "/jsonrpc/positional"),
        ({"param_schema": {"properties": {"b": {}}}}, "/jsonrpc/positional/0"),
        (
            {"param_schema": {"properties": {"a": {}, "b": {}}}},
            "/param_schema/properties/b",
        ),
    ],
)
def test_an_order_that_cannot_be_kept_is_refused(members, pointer) -> None:
    found = faults("jsonrpc", {"method": "m", "positional": ["a"]}, **members)
    assert pointer in [fault.pointer for fault in found]
