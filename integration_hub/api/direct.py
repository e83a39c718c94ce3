"""The short way for what is called most: a token and JSON in, bytes out, no framework between.

The rules are those of every `HubView`: the same authentication, scopes, limit,
JSON reader and problem documents, called one after the other. Whatever is not
plainly such a request (a browser's session, another method or media type, an
`Accept` to be weighed) goes the usual way and gets the usual answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from integration_hub.api.authentication import bearer
from integration_hub.api.negotiation import takes_json
from integration_hub.api.parsers import read_json
from integration_hub.api.permissions import require_scope
from integration_hub.api.problem import explain, problem_response
from integration_hub.api.throttling import throttle
from integration_hub.api.views import HubView, check_address
from integration_hub.coordination import revision


class DirectView(HubView):
    """A view whose `call` both ways end in: `post`, and a POST that needs no weighing."""

    call: Callable[..., HttpResponse]
    """`call(request, caller, body, **names)`: answer the JSON `body`, sent by `caller`."""

    def dispatch(self, request: HttpRequest, *args: Any, **names: Any) -> HttpResponseBase:
        if not _is_plain(request):
            return super().dispatch(request, *args, **names)
        with revision.scope():
            try:
                return self._answered(request, names)
            except Exception as error:  # noqa: BLE001 - as DRF's own handler: no error gets past
                return problem_response(explain(error, request), request)

    def _answered(self, request: HttpRequest, names: dict[str, Any]) -> HttpResponse:
        caller = bearer(request.META["HTTP_AUTHORIZATION"])
        request.caller = caller  # type: ignore[attr-defined]  # a denial says whose it was
        require_scope(self, "POST", caller)
        throttle(caller)
        structlog.contextvars.bind_contextvars(caller=caller.owner)
        check_address(request)
        return self.call(request, caller, read_json(request, request), **names)


def _is_plain(request: HttpRequest) -> bool:
    meta = request.META
    return (
        request.method == "POST"
        and bool(meta.get("HTTP_AUTHORIZATION"))
        and meta.get("CONTENT_TYPE") == "application/json"
        and takes_json(meta.get("HTTP_ACCEPT", ""))
    )
