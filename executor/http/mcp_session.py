"""One session with an MCP server over streamable HTTP: shake hands, ask, take leave.

Each message is a POST through the guarded client; its answer is JSON, or a stream of
events that ends after the answer. What else a stream carries (progress, log lines,
questions of the server) is passed over: nobody is there to answer them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any
from uuid import uuid4

from executor.http import json_rpc, sending
from integration_hub.egress.door import HttpAnswer, HttpRequest
from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import Cancelled, HubError, ResponseInvalid, UpstreamError
from registry.adapter import AdapterCall

PROTOCOL = "2025-06-18"
KNOWN = frozenset({"2025-03-26", PROTOCOL, "2025-11-25"})
CLIENT = {"name": "integration-hub", "version": "1"}
_LEAVE_SECONDS = 2.0
_ACCEPT = "application/json, text/event-stream"


class NoSession(Exception):
    """The server answered the handshake with a status that is no success."""

    def __init__(self, answer: HttpAnswer) -> None:
        super().__init__(f"answered {answer.status}")
        self.answer = answer


class Session:
    """`id` is empty with a server that keeps none."""

    def __init__(self, call: AdapterCall) -> None:
        self.id, self.version = "", ""
        self._call = replace(call, spool=None)

    def ask(self, method: str, params: Any) -> tuple[HttpAnswer, str]:
        """The answer of whatever status, and the id that it is for."""
        number = uuid4().hex
        return self._post(json_rpc.request(method, params, number)), number

    def begin(self) -> None:
        """Raises NoSession, json_rpc.Refused, ResponseInvalid and what sending does."""
        params = {"protocolVersion": PROTOCOL, "capabilities": {}, "clientInfo": CLIENT}
        answer, number = self.ask("initialize", params)
        if answer.status >= 300:
            raise NoSession(answer)
        result = json_rpc.result_of(response_in(answer, number), number, {})
        version = result.get("protocolVersion") if isinstance(result, dict) else None
        if version not in KNOWN:
            raise ResponseInvalid(
                "The MCP server speaks none of the protocol versions that the hub does: "
                f"{', '.join(sorted(KNOWN))}."
            )
        self.version = str(version)
        self.id = answer.headers.get("mcp-session-id", "")
        answer = self._post(json_rpc.request("notifications/initialized", None, None))
        if answer.status >= 300:
            raise NoSession(answer)

    def end(self) -> None:
        """Tell the server that it may forget the session; whether it hears does not matter."""
        if not self.id:
            return
        left = min(_LEAVE_SECONDS, self._call.deadline.remaining())
        last = replace(self._call, deadline=self._call.deadline.tightened(left))
        with suppress(HubError):
            sending.send(last, HttpRequest("DELETE", sending.address(last), self._headers()))

    def _headers(self) -> dict[str, str]:
        told = {"Mcp-Session-Id": self.id, "MCP-Protocol-Version": self.version}
        return {name: value for name, value in told.items() if value}

    def _post(self, document: Any) -> HttpAnswer:
        request = sending.post(self._call, document, accept=_ACCEPT)
        headers = {**request.headers, **self._headers()}
        return sending.send(self._call, replace(request, headers=headers))


@contextmanager
def session(call: AdapterCall) -> Iterator[Session]:
    """What goes wrong before it is open was never sent: no tool has been called yet."""
    opened = Session(call)
    try:
        opened.begin()
    except (UpstreamError, Cancelled) as error:
        error.sent = False
        raise
    try:
        yield opened
    finally:
        opened.end()


def response_in(answer: HttpAnswer, number: str) -> Any:
    """The JSON-RPC response of this id. Raises ResponseInvalid."""
    if not answer.content_type.lower().startswith("text/event-stream"):
        return sending.document_of(answer, "JSON-RPC response")
    for data in _events(answer):
        try:
            document = jsonsafe.loads(data)
        except jsonsafe.JSONFault:
            continue
        if isinstance(document, dict) and document.get("id") == number and "method" not in document:
            return document
    raise ResponseInvalid("The MCP server's stream ended without an answer to the request.")


def _events(answer: HttpAnswer) -> Iterator[str]:
    """The data of each event, as the HTML standard reads them."""
    data: list[str] = []
    for line in (*answer.content.decode("utf-8", "replace").splitlines(), ""):
        if line.startswith("data:"):
            data.append(line[5:].removeprefix(" "))
        elif not line and data:
            yield "\n".join(data)
            data = []
