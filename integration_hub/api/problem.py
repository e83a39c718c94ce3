"""Every failure as `application/problem+json` (RFC 9457) with the hub's own codes."""

from __future__ import annotations

import math
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request

from integration_hub.access.denials import count_denial
from integration_hub.api import request_id as request_ids
from integration_hub.api.request_log import without_second_line
from integration_hub.api.translate import translate
from integration_hub.lib import log
from integration_hub.lib.errors import (
    Forbidden,
    HubError,
    InternalFailure,
    Unauthenticated,
    UpstreamError,
)
from integration_hub.lib.jsonsafe import dumps

CONTENT_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:integration-hub:problem:"
CHALLENGE = 'Bearer realm="integration-hub"'

_log = log.get("hub.api")


def problem_type(code: str) -> str:
    """The stable `type` of a code; docs/errors.md lists them."""
    return TYPE_PREFIX + code.lower().replace("_", "-")


def problem_body(error: HubError, request_id: str) -> dict[str, Any]:
    """The problem document of an error, without `instance` (the address asked for)."""
    body: dict[str, Any] = {
        "type": problem_type(error.code),
        "title": error.title,
        "status": error.http_status,
        "detail": error.detail,
        "code": error.code,
        "retryable": error.retryable,
        "request_id": request_id,
        "errors": [fault.as_dict() for fault in error.errors],
        "suggestions": list(error.suggestions),
    }
    if error.retry_after is not None:
        body["retry_after"] = whole_seconds(error.retry_after)
    if isinstance(error, UpstreamError) and error.upstream_status is not None:
        body["upstream"] = {"status": error.upstream_status, "body": error.upstream_body}
    return {**error.extra, **body}


def problem_response(error: HubError, request: HttpRequest | Request) -> HttpResponse:
    """The answer for an error: body, status and headers."""
    body = problem_body(error, request_ids.current())
    body["instance"] = quote(request.path)  # a URI reference: decoded paths may hold anything
    content = dumps(body)
    response = HttpResponse(content, status=error.http_status, content_type=CONTENT_TYPE)
    response["Content-Length"] = str(len(content))
    response["Cache-Control"] = "no-store"
    if error.retry_after is not None:
        response["Retry-After"] = str(whole_seconds(error.retry_after))
    if isinstance(error, Unauthenticated):
        given = "HTTP_AUTHORIZATION" in request.META
        response["WWW-Authenticate"] = CHALLENGE + (', error="invalid_token"' if given else "")
    return without_second_line(response)


def whole_seconds(seconds: float) -> int:
    """Rounded up and never 0, so that who waits this long is not refused again."""
    return max(1, math.ceil(seconds))


def exception_handler(error: Exception, context: dict[str, Any]) -> HttpResponse:
    """DRF's hook: no exception of a view gets past it."""
    request = context["request"]
    problem = explain(error, request)
    return problem_response(problem, request)


def explain(error: Exception, request: HttpRequest | Request) -> HubError:
    """The HubError for any exception; the unexpected is logged once, a denial counted."""
    problem = translate(error)
    if isinstance(problem, InternalFailure) and not isinstance(error, HubError):
        _log.error("unexpected_error", path=request.path, exc_info=error)
    elif type(problem) in (Unauthenticated, Forbidden):
        count_denial(actor=_actor(request), code=problem.code)
    return problem


def _actor(request: HttpRequest | Request) -> str:
    caller = getattr(request, "caller", None)
    return caller.owner if caller is not None else "anonymous"
