"""Around every request: its id, its size, and no HTML error where JSON was asked."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from integration_hub.api import request_id as request_ids
from integration_hub.api.body import check_body
from integration_hub.api.problem import explain, problem_response
from integration_hub.api.source import client_address
from integration_hub.audit.origin import Origin, bound
from integration_hub.lib import clock, errors, log, tracing
from integration_hub.lib.errors import HubError

GetResponse = Callable[[HttpRequest], HttpResponseBase]

_log = log.get("hub.request")
_BY_STATUS: dict[int, tuple[type[HubError], str]] = {
    400: (errors.ValidationFailed, "The request is malformed."),
    403: (errors.Forbidden, "You may not do this; a write from a browser needs its CSRF token."),
    404: (errors.NotFound, "There is no such address; /api/docs lists them."),
    405: (errors.MethodNotAllowed, "This address does not take this method."),
    413: (errors.PayloadTooLarge, "The body is larger than the hub takes."),
    500: (errors.InternalFailure, "Something went wrong inside the hub; see its log."),
}


class RequestIdMiddleware:
    """The first of all: names the request, and logs one line when it is answered."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request_id = request_ids.accept(request.META.get("HTTP_X_REQUEST_ID"))
        started = clock.monotonic()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        with bound(Origin(source=client_address(request), request_id=request_id)):
            response = self._traced(request)
            response[request_ids.HEADER] = request_id
            _log.info(
                "request",
                method=request.method,
                path=request.path,  # never the query: it may hold what is nobody's business
                status=response.status_code,
                duration_ms=round((clock.monotonic() - started) * 1000, 1),
            )
        return response

    def _traced(self, request: HttpRequest) -> HttpResponseBase:
        """Calls of the API begin a trace, or go on with the caller's."""
        if not request.path_info.startswith("/api/"):
            return self.get_response(request)
        given = tracing.accepted(request.META.get("HTTP_TRACEPARENT"))
        verb = str(request.method)
        with tracing.span(verb, "server", parent=given, method=verb) as step:
            response = self.get_response(request)
            route = f"/{request.resolver_match.route}" if request.resolver_match else None
            step.note(status=response.status_code, route=route)
            step.rename(f"{verb} {route or 'unknown'}")
            return response


class ProblemMiddleware:
    """Turns the framework's own error pages under /api/ into problem documents."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code < 400 or wants_page(request):
            return response
        if not response.get("Content-Type", "").startswith("text/html"):
            return response
        kind, detail = _BY_STATUS.get(response.status_code, _BY_STATUS[400])
        return problem_response(kind(detail), request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if wants_page(request):
            return None
        return problem_response(explain(error, request), request)


class BodyLimitMiddleware:
    """413 before a byte past the limit is read, whatever the request says of its length."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            check_body(request)
        except HubError as error:
            if not wants_page(request):
                return problem_response(error, request)
            return HttpResponse(error.detail, status=error.http_status, content_type="text/plain")
        return self.get_response(request)


def wants_page(request: HttpRequest) -> bool:
    """Whether an error should be a page: outside of /api/, or for a browser that asks for HTML."""
    if not request.path_info.startswith("/api/"):
        return True
    return "text/html" in request.META.get("HTTP_ACCEPT", "")
