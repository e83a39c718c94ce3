"""The `mcp` adapter: the tools of an MCP server as methods, over streamable HTTP."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from executor.http import json_rpc, sending
from executor.http.mcp_session import NoSession, Session, response_in, session
from integration_hub.egress.door import HttpAnswer, HttpRequest
from integration_hub.lib.errors import Fault, ResponseInvalid, TransformFailed
from registry.adapter import HTTP_AUTH, Adapter, AdapterAnswer, AdapterCall, adapters
from registry.spec import MethodSpec

CALL, LIST = "call", "list"
MOST_PAGES = 50
_FAILED = 422  # a tool that ran and says that it failed


@adapters.register("mcp")
class McpAdapter(Adapter):
    type: ClassVar[str] = "mcp"
    title: ClassVar[str] = "MCP server"
    keeps_deadline: ClassVar[bool] = True
    supported_auth: ClassVar[frozenset[str]] = HTTP_AUTH

    def config_schema(self) -> Mapping[str, Any]:
        base = sending.BASE_URL | {"description": "The server's MCP endpoint, often …/mcp."}
        return {"type": "object", "required": ["base_url"], "properties": {"base_url": base}}

    def method_schema(self) -> Mapping[str, Any]:
        return {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "operation": {
                    "enum": [CALL, LIST],
                    "description": "Call a tool (unless said), or list the tools that there are.",
                },
                "tool": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 200,
                    "description": "Its name on the server; the method's own unless said.",
                },
                "result": {
                    "enum": ["structured", "content"],
                    "description": "structured (unless said): the tool's structured content, or "
                    "{content} where it has none. content: always {content}, the blocks.",
                },
                "errors": json_rpc.ERRORS,
            },
        }

    def check_method(self, method: MethodSpec) -> Iterable[Fault]:
        if _operation(method.protocol) == LIST:
            for name in ("tool", "result"):
                if name in method.protocol:
                    yield Fault(f"/mcp/{name}", "The list of tools takes none.", "NOT_SUPPORTED")

    def is_idempotent(self, protocol: Mapping[str, Any]) -> bool:
        return _operation(protocol) == LIST

    def preview(self, call: AdapterCall) -> HttpRequest:
        document = json_rpc.request(*_question(call), "1")
        return sending.post(call, document, accept="application/json, text/event-stream")

    def call(self, call: AdapterCall) -> AdapterAnswer:
        method, params = _question(call)
        try:
            with session(call) as opened:
                if method == "tools/list":
                    return _listed(opened)
                answer, number = opened.ask(method, params)
        except NoSession as none:
            return sending.answered(none.answer)
        except json_rpc.Refused as refused:
            raise ResponseInvalid(f"The MCP server {refused.said} to the handshake.") from None
        if answer.status >= 300:
            return sending.answered(answer)
        return _answer(call, answer, number)


def _operation(protocol: Mapping[str, Any]) -> str:
    return str(protocol.get("operation", CALL))


def _question(call: AdapterCall) -> tuple[str, dict[str, Any]]:
    """Method and params. Raises TransformFailed."""
    block = call.method.protocol
    if _operation(block) == LIST:
        return "tools/list", {}
    arguments = sending.given(call)
    if not isinstance(arguments, dict):
        raise TransformFailed("The request transform must make an object: the tool's arguments.")
    return "tools/call", {"name": block.get("tool", call.method.name), "arguments": arguments}


def _answer(call: AdapterCall, answer: HttpAnswer, number: str) -> AdapterAnswer:
    errors = call.method.protocol.get("errors", {})
    try:
        result = json_rpc.result_of(response_in(answer, number), number, errors)
    except json_rpc.Refused as refused:
        return sending.with_document(
            answer, refused.error, status=refused.status, said=refused.said
        )
    if not isinstance(result, dict) or not isinstance(result.get("content", []), list):
        raise ResponseInvalid("The answer is no result of a tool.")
    content = {"content": result.get("content", [])}
    if result.get("isError") is True:
        said = "says that the tool failed"
        return sending.with_document(answer, content, status=_FAILED, said=said)
    wants = call.method.protocol.get("result", "structured")
    structured = result.get("structuredContent")
    shown = content if wants == "content" or structured is None else structured
    return sending.with_document(answer, shown)


def _listed(opened: Session) -> AdapterAnswer:
    """Every page of the list. Raises ResponseInvalid, json_rpc.Refused."""
    tools: list[Any] = []
    cursor: Any = None
    for _ in range(MOST_PAGES):
        answer, number = opened.ask("tools/list", {} if cursor is None else {"cursor": cursor})
        if answer.status >= 300:
            return sending.answered(answer)
        result = json_rpc.result_of(response_in(answer, number), number, {})
        page = result.get("tools") if isinstance(result, dict) else None
        if not isinstance(page, list):
            raise ResponseInvalid("The answer is no list of tools.")
        tools += page
        cursor = result.get("nextCursor")
        if cursor is None:
            return sending.with_document(answer, {"tools": tools})
    raise ResponseInvalid(f"The list of tools has more than {MOST_PAGES} pages.")
