"""/status and /status.json: for everybody, if HUB_STATUS_PAGE switches them on."""

from __future__ import annotations

from dataclasses import asdict

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from integration_hub.lib import clock
from integration_hub.monitoring import status

KEPT_SECONDS = 15


class _Kept:
    """What was made last, in this process: no cache has to be there."""

    body: dict[str, object] | None = None
    made_at = 0.0


kept = _Kept()


@require_safe
def status_page(request: HttpRequest) -> HttpResponse:
    """A page for people."""
    return _short(render(request, "monitoring/status.html", _body()))


@require_safe
def status_json(_request: HttpRequest) -> HttpResponse:
    """The same for machines."""
    return _short(JsonResponse(_body()))


def _body() -> dict[str, object]:
    """Made at most every 15 s, however many ask. Raises Http404 while it is switched off."""
    if not settings.HUB_STATUS_PAGE:
        raise Http404
    if kept.body is None or clock.monotonic() - kept.made_at >= KEPT_SECONDS:
        lines = status.lines()
        found = [asdict(line) for line in lines]
        kept.body = {"status": status.overall(lines), "integrations": found}
        kept.made_at = clock.monotonic()
    return kept.body


def _short(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = f"public, max-age={KEPT_SECONDS}"
    return response
