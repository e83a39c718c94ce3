"""/metrics in Prometheus' text format: for this machine, or with a token that may read."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from integration_hub.access import services
from integration_hub.api.problem import problem_response
from integration_hub.lib import metrics
from integration_hub.lib.errors import HubError, Unauthenticated
from integration_hub.monitoring.gauges import StoredGauges
from integration_hub.monitoring.hub_gauges import HubGauges

FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-Ip")


@require_safe
def metrics_view(request: HttpRequest) -> HttpResponse:
    """Counters of every process of this host, and what the database says now."""
    try:
        _require_right(request)
    except HubError as error:
        return problem_response(error, request)
    registry = CollectorRegistry()
    registry.register(StoredGauges())
    registry.register(HubGauges())
    if metrics.is_shared():
        metrics.forget_dead(settings.HUB_METRICS_DIR)
        registry.register(metrics.SharedCounts(settings.HUB_METRICS_DIR))
        counted = b""
    else:
        counted = generate_latest(metrics.registry)
    return HttpResponse(generate_latest(registry) + counted, content_type=CONTENT_TYPE_LATEST)


def _require_right(request: HttpRequest) -> None:
    """Raise Unauthenticated or Forbidden. A request that a proxy passed on is not loopback."""
    scheme, _, raw = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        services.authenticate(raw.strip()).require("read")
        return
    forwarded = any(name in request.headers for name in FORWARDED)
    if forwarded or not _is_loopback(str(request.META.get("REMOTE_ADDR", ""))):
        raise Unauthenticated("Send `Authorization: Bearer <token>` of a token with scope read.")


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
