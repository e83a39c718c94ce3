"""HUB_API_RATE: an inbound limit per token or user, shared by all processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

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
        """Raise RateLimitExceeded, with `retry_after`, when the owner's tokens are used up."""
        limits = parse_rate(settings.HUB_API_RATE)
        caller = caller_of(request)
        if limits is not None and not caller.is_anonymous:
            guard.admit(
                scope=f"api:{caller.owner}",
                circuit=_CIRCUIT,
                limits=limits,
                slot_seconds=1,
                probe_seconds=1,
            )
        return True
