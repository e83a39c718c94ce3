"""The hot path: a body in, one service, its bytes out."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema

from executor import idempotency, services
from executor.api import docs, envelope
from executor.calls import Reply
from integration_hub.api.request import HubRequest
from integration_hub.api.views import HubView

_KEY = f"HTTP_{idempotency.HEADER.upper().replace('-', '_')}"


def respond(reply: Reply) -> HttpResponse:
    response = HttpResponse(reply.body, status=reply.status)
    for name, value in reply.headers.items():
        response[name] = value
    response["Cache-Control"] = "no-store"
    # One line a request is written by RequestIdMiddleware; Django's own would be a second.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


@extend_schema(tags=["executions"])
class ExecuteView(HubView):
    required_scopes = {"POST": "execute"}
    problems = {"POST": docs.CALL_PROBLEMS}

    @extend_schema(**docs.EXECUTE)
    def post(self, request: HubRequest, ref: str, name: str) -> HttpResponse:
        """Call a method of an instance."""
        body: Any = request.data
        read = envelope.read(body)
        reply = services.execute(
            caller=request.caller,
            instance_ref=ref,
            method=name,
            parameters=read.parameters,
            options=read.options,
            idempotency_key=key_of(request),
            body=body,
        )
        return respond(reply)


@extend_schema(tags=["executions"])
class ExecuteByContextView(HubView):
    required_scopes = {"POST": "execute"}
    problems = {"POST": docs.CONTEXT_PROBLEMS}

    @extend_schema(**docs.EXECUTE_BY_CONTEXT)
    def post(self, request: HubRequest) -> HttpResponse:
        """Call a method of the instance that serves a context: user over client over global."""
        body: Any = request.data
        read = envelope.read(body, envelope.EXECUTE_BY_CONTEXT)
        reply = services.execute(
            caller=request.caller,
            integration=read.integration,
            context=read.context,
            method=read.method,
            parameters=read.parameters,
            options=read.options,
            idempotency_key=key_of(request),
            body=body,
        )
        return respond(reply)


def key_of(request: HubRequest) -> str | None:
    value: str | None = request.META.get(_KEY)
    return value
