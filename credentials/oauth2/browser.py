"""What connecting in a browser needs: the cookie of the one that began, headers, a limit."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from credentials.oauth2.authorize import CALLBACK
from credentials.oauth2.start import LIFETIME, Started
from integration_hub.api.rate import parse_rate
from integration_hub.api.source import client_address
from integration_hub.coordination import guard
from integration_hub.lib.resilience.options import CircuitOptions

_CIRCUIT = CircuitOptions()  # never settled, so always closed


def remember(response: HttpResponse, started: Started) -> None:
    """Let the browser prove that it is the same one when it comes back."""
    if started.browser_key:
        response.set_cookie(
            started.cookie,
            started.browser_key,
            max_age=int(LIFETIME.total_seconds()),
            path=CALLBACK,
            httponly=True,
            secure=settings.SESSION_COOKIE_SECURE,
            samesite="Lax",
        )


def keep_private(response: HttpResponse, *, form: bool = False) -> None:
    """The address held a code or a link: it goes to no cache and to no other site.

    A page with a form tells its own site where it was: without that, browsers send
    `Origin: null`, which no CSRF check takes.
    """
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "same-origin" if form else "no-referrer"
    response["X-Robots-Tag"] = "noindex"


def throttle(request: HttpRequest) -> None:
    """Open pages take `HUB_CONNECT_RATE` from one address. Raises RateLimitExceeded.

    Behind proxies `HUB_PROXY_COUNT` tells addresses apart.
    """
    limits = parse_rate(settings.HUB_CONNECT_RATE, "HUB_CONNECT_RATE", whole=True)
    if limits is not None:
        guard.admit(
            scope=f"connect:{client_address(request)}",
            circuit=_CIRCUIT,
            limits=limits,
            slot_seconds=1,
            probe_seconds=1,
        )
