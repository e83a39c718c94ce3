"""The hot path: a body in, one service, its bytes out."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema

from executor import idempotency, services
from executor.api import docs, envelope
from executor.calls import Reply
from integration_hub.access.caller import Caller
from integration_hub.api.direct import DirectView
from integration_hub.api.request import HubRequest
from integration_hub.api.request_log import without_second_line

Sent = HttpRequest | HubRequest
_KEY = f"HTTP_{idempotency.HEADER.upper().replace('-', '_')}"


def respond(reply: Reply) -> HttpResponse:
    response = HttpResponse(reply.body, status=reply.status)
    for name, value in reply.headers.items():
        response[name] = value
    response["Cache-Control"] = "no-store"
    return without_second_line(response)


@extend_schema(tags=["executions"])
class ExecuteView(DirectView):
    required_scopes = {"POST": "execute"}
    problems = {"POST": docs.CALL_PROBLEMS}

    @extend_schema(**docs.EXECUTE)
    def post(self, request: HubRequest, ref: str, name: str) -> HttpResponse:
        """Call a method of an instance."""
        return self.call(request, request.caller, request.data, ref=ref, name=name)

    def call(
        self, request: Sent, caller: Caller, body: Any, *, ref: str, name: str
    ) -> HttpResponse:
        read = envelope.read(body)
        reply = services.execute(
            caller=caller,
            instance_ref=ref,
            method=name,
            parameters=read.parameters,
            options=read.options,
            idempotency_key=key_of(request),
            body=body,
        )
        return respond(reply)


@extend_schema(tags=["executions"])
class ExecuteByContextView(DirectView):
    required_scopes = {"POST": "execute"}
    problems = {"POST": docs.CONTEXT_PROBLEMS}

    @extend_schema(**docs.EXECUTE_BY_CONTEXT)
    def post(self, request: HubRequest) -> HttpResponse:
        """Call a method of the instance that serves a context: user over client over global."""
        return self.call(request, request.caller, request.data)

    def call(self, request: Sent, caller: Caller, body: Any) -> HttpResponse:
        read = envelope.read(body, envelope.EXECUTE_BY_CONTEXT)
        reply = services.execute(
            caller=caller,
            integration=read.integration,
            context=read.context,
            method=read.method,
            parameters=read.parameters,
            options=read.options,
            idempotency_key=key_of(request),
            body=body,
        )
        return respond(reply)


def key_of(request: Sent) -> str | None:
    value: str | None = request.META.get(_KEY)
    return value
