"""The `mcp` adapter against servers that are made with the official package."""

from __future__ import annotations

import json

import pytest

from tests.executor.adapters.through import connect
from tests.protocol_servers import TOKEN, McpServer
from tests.raw_server import RawServer

DOCUMENT = {
    "slug": "tools",
    "name": "Tools",
    "version": "1.0.0",
    "type": "mcp",
    "auth": [{"type": "bearer"}],
    "health_check": {"method": "tools"},
    "methods": {
        "add": {"mcp": {}},
        "sum": {"mcp": {"tool": "add", "result": "content"}},
        "greet": {"mcp": {"tool": "greet"}},
        "tools": {"mcp": {"operation": "list"}},
        "fail": {"mcp": {"tool": "fail"}},
        "nothing": {"mcp": {"tool": "nothing"}},
        "slow": {"mcp": {"tool": "slow"}, "timeout_ms": 700},
    },
}


@pytest.fixture(scope="module", params=["events", "json", "stateless"])
def server(request):
    made = McpServer(as_json=request.param == "json", stateless=request.param == "stateless")
    yield made
    made.stop()


@pytest.fixture
def call(db, server):
    server.requests.clear()
    return connect(DOCUMENT, {"base_url": server.url}, type="bearer", data={"token": TOKEN})


def test_a_tool_is_a_method_and_its_structured_content_the_result(call, server) -> None:
    made = call("add", {"a": 2, "b": 3})
    assert made.body["data"] == {"result": 5}
    assert TOKEN not in made.kept
    assert made.exchange["request"]["method"] == "POST"
    assert json.loads(made.exchange["request"]["body"])["method"] == "tools/call"
    sessions = {headers.get("mcp-session-id", "") for _, headers in server.requests} - {""}
    assert len(sessions) <= 1
    if sessions:
        assert server.requests[-1][0] == "DELETE"


def test_content_without_structure_is_given_as_blocks(call) -> None:
    text = {"type": "text", "text": "Hello Ada"}
    assert call("greet", {"name": "Ada"}).body["data"] == {"content": [text]}
    [block] = call("sum", {"a": 1, "b": 1}).body["data"]["content"]
    assert block["text"] == "2"


def test_the_tools_of_the_server_can_be_asked_for(call) -> None:
    tools = {tool["name"]: tool for tool in call("tools").body["data"]["tools"]}
    assert set(tools) == {"add", "greet", "fail", "slow"}
    assert tools["add"]["inputSchema"]["required"] == ["a", "b"]


def test_a_tool_that_fails_is_a_refusal(call) -> None:
    body = call("fail").body
    assert (body["code"], body["upstream"]["status"]) == ("INTEGRATION_ERROR", 422)
    assert "the tool failed" in body["detail"]
    assert "Error executing tool fail" in body["upstream"]["body"]
    assert call("nothing").body["code"] == "INTEGRATION_ERROR"


def test_the_wrong_credential_is_an_auth_error(db, server) -> None:
    call = connect(DOCUMENT, {"base_url": server.url}, type="bearer", data={"token": "other"})
    body = call("add", {"a": 1, "b": 1}).body
    assert (body["code"], body["upstream"]["status"]) == ("AUTH_ERROR", 401)


def test_a_tool_that_takes_too_long_may_have_done_its_work(call) -> None:
    body = call("slow").body
    assert (body["code"], body["retryable"]) == ("TIMEOUT_ERROR", False)


def test_a_server_that_goes_before_the_tool_is_called_never_called_it(db) -> None:
    server = RawServer(lambda peer: (peer.request(), peer.reset()))
    try:
        call = connect(DOCUMENT, {"base_url": server.url}, type="bearer", data={"token": TOKEN})
        body = call("add", {"a": 1, "b": 1}).body
    finally:
        server.close()
    assert (body["code"], body["retryable"]) == ("CONNECTION_ERROR", True)


@pytest.mark.parametrize(
    "answer",
    [
        b'{"jsonrpc": "2.0", "id": "x", "result": {}}',
        b'{"result": {"protocolVersion": "1999-01-01"}}',
        b"it works",
    ],
)
def test_what_is_no_mcp_server_is_told_so(db, answer) -> None:
    def serve(peer):
        peer.request()
        peer.say(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(answer), answer)
        )

    server = RawServer(serve)
    try:
        call = connect(DOCUMENT, {"base_url": server.url}, type="bearer", data={"token": TOKEN})
        assert call("add").body["code"] == "RESPONSE_INVALID"
    finally:
        server.close()
