"""HUB_API_RATE: an inbound limit per tenant, token or user, shared by all processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from integration_hub.access.caller import Caller
from integration_hub.api.rate import parse_rate
from integration_hub.api.request import caller_of
from integration_hub.coordination import guard
from integration_hub.lib.resilience.options import CircuitOptions

if TYPE_CHECKING:
    # DRF imports this module while it builds its own views.
    from rest_framework.views import APIView

_CIRCUIT = CircuitOptions()  # never settled, so always closed


class OwnerThrottle(BaseThrottle):
    """Counts by who calls, never by address: X-Forwarded-For cannot dodge it.

    The bucket is the one that limits calls out, so it holds across processes and hosts.
    """

    def allow_request(self, request: Request, view: APIView) -> bool:
        throttle(caller_of(request))
        return True


def _payer(caller: Caller) -> str:
    """A tenant, when the caller is limited to one client or to one user: more keys are no more."""
    clients = [name for name in caller.contexts if name.startswith("client:")]
    tenant = clients or list(caller.contexts)
    return tenant[0] if len(tenant) == 1 and ":" in tenant[0] else caller.owner


def throttle(caller: Caller) -> None:
    """Raise RateLimitExceeded, with `retry_after`, when the caller's tokens are used up."""
    limits = parse_rate(settings.HUB_API_RATE)
    if limits is not None and not caller.is_anonymous:
        guard.admit(
            scope=f"api:{_payer(caller)}",
            circuit=_CIRCUIT,
            limits=limits,
            slot_seconds=1,
            probe_seconds=1,
        )
