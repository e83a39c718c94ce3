"""The client's address, as far as it can be believed."""

from __future__ import annotations

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The peer's address; behind `HUB_PROXY_COUNT` proxies, what the outermost of them saw.

    Entries of X-Forwarded-For left of that are the client's own words, never read.
    """
    peer = str(request.META.get("REMOTE_ADDR", ""))
    count = int(settings.HUB_PROXY_COUNT)
    if not count:
        return peer
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    claimed = hops[-count] if len(hops) >= count else ""
    try:
        return str(ip_address(claimed))
    except ValueError:
        return peer
