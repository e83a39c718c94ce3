"""Servers of protocols over HTTP, made of the libraries that real ones are made of."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jsonrpcserver
import uvicorn
from graphql import GraphQLError, build_schema, graphql_sync
from mcp.server.mcpserver import MCPServer

TOKEN = "token-of-the-protocol"


class HttpServer:
    """Answers each POST by `answer(path, body) -> (status, bytes)`; asks for TOKEN first."""

    def __init__(self, answer: Callable[[str, bytes], tuple[int, bytes]]) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                outer.received.append(
                    ({name.lower(): value for name, value in self.headers.items()}, body)
                )
                status, content = 401, b'{"said": "who are you?"}'
                if self.headers.get("authorization") == f"Bearer {TOKEN}":
                    status, content = answer(self.path, body)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


# --- GraphQL: graphql-core's own executor ---------------------------------------
SCHEMA = build_schema(
    """
    type Contact { id: ID!, name: String!, mail: String, big: Float }
    type Page { items: [Contact!]!, next: String }
    type Query {
      contact(id: ID!): Contact
      contacts(after: String): Page!
      slow: Boolean
      refused(code: String!): Boolean
      broken: Boolean
    }
    type Mutation { rename(id: ID!, name: String!): Contact }
    """
)


class _Root:
    def contact(self, _, id):  # noqa: A002 - the schema's word
        if id == "0":
            return None
        mail = GraphQLError("No access to mail.", extensions={"code": "FORBIDDEN"})
        return {"id": id, "name": "Ada", "mail": mail if id == "7" else "ada@acme.example"}

    def contacts(self, _, after=None):
        page = int(after or 0)
        items = [{"id": str(page * 2 + n), "name": f"N{n}"} for n in range(2)]
        return {"items": items, "next": str(page + 1) if page < 2 else None}

    def slow(self, _):
        time.sleep(3)
        return True

    def refused(self, _, code):
        raise GraphQLError("Said no.", extensions={"code": code})

    def broken(self, _):
        raise ValueError("a bug of theirs")

    def rename(self, _, id, name):  # noqa: A002 - the schema's word
        return {"id": id, "name": name}


def graphql_server() -> HttpServer:
    def answer(path: str, body: bytes) -> tuple[int, bytes]:
        if path == "/nonsense":
            return 200, b'{"neither": "nor"}'
        asked = json.loads(body)
        done = graphql_sync(
            SCHEMA,
            asked["query"],
            root_value=_Root(),
            variable_values=asked.get("variables"),
            operation_name=asked.get("operationName"),
        )
        return 200, json.dumps(done.formatted).encode()

    return HttpServer(answer)


# --- JSON-RPC: jsonrpcserver -----------------------------------------------------
def _ping() -> Any:
    return jsonrpcserver.Success("pong")


def _subtract(minuend: int, subtrahend: int) -> Any:
    return jsonrpcserver.Success(minuend - subtrahend)


def _missing() -> Any:
    return jsonrpcserver.Error(-32004, "No such contact", {"id": 7})


def _slow() -> Any:
    time.sleep(3)
    return jsonrpcserver.Success(None)


METHODS = {"ping": _ping, "subtract": _subtract, "missing": _missing, "slow": _slow}


def jsonrpc_server() -> HttpServer:
    def answer(path: str, body: bytes) -> tuple[int, bytes]:
        crooked = {
            "/other-id": b'{"jsonrpc": "2.0", "id": "other", "result": 1}',
            "/both": b'{"jsonrpc": "2.0", "id": null, "result": 1, "error": {"code": 1}}',
            "/old": b'{"id": 1, "result": 1}',
            "/no-code": b'{"jsonrpc": "2.0", "id": null, "error": {"code": "x"}}',
            "/list": b"[]",
            "/text": b"it works",
        }.get(path)
        if crooked is not None:
            return 200, crooked
        return 200, jsonrpcserver.dispatch(body.decode(), methods=METHODS).encode()

    return HttpServer(answer)


# --- MCP: the official package -----------------------------------------------------
def _acme_tools() -> MCPServer:
    server = MCPServer("acme")

    @server.tool()
    def add(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    @server.tool(structured_output=False)
    def greet(name: str) -> str:
        return f"Hello {name}"

    @server.tool()
    def fail() -> str:
        raise ValueError("the tool cannot")

    @server.tool()
    def slow() -> int:
        time.sleep(3)
        return 1

    return server


class McpServer:
    """With `as_json` answers are JSON, otherwise streams of events; `stateless` has no sessions."""

    def __init__(self, *, as_json: bool = False, stateless: bool = False) -> None:
        server = _acme_tools()
        self.requests: list[tuple[str, dict[str, str]]] = []
        app = server.streamable_http_app(json_response=as_json, stateless_http=stateless)

        async def guarded(scope, receive, send):
            if scope["type"] == "http":
                headers = {name.decode(): value.decode() for name, value in scope["headers"]}
                self.requests.append((scope["method"], headers))
                if headers.get("authorization") != f"Bearer {TOKEN}":
                    await send({"type": "http.response.start", "status": 401, "headers": []})
                    await send({"type": "http.response.body", "body": b""})
                    return
            await app(scope, receive, send)

        listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}/mcp"
        config = uvicorn.Config(guarded, log_level="critical", lifespan="on", ws="none")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listener]}, daemon=True
        )
        self._thread.start()
        until = time.monotonic() + 10
        while not self._server.started and time.monotonic() < until:
            time.sleep(0.01)

    def stop(self) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(5)
