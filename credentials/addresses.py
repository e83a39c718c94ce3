"""Addresses that an `auth` entry names: made with the config, and where a secret may go then."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from credentials.acquiring import Place
from credentials.choices import Reason
from credentials.errors import NotAcquired
from integration_hub.egress import policy
from integration_hub.lib.errors import HubError

_NAME = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_HOST = re.compile(r"https?://([^/?#]*?)(?::[^:@/?#]*)?(?:[/?#]|\Z)", re.IGNORECASE)
_BELOW = re.compile(r"\}\.[^{}@.]+\.[^{}@]+\Z")


def address_of(options: Mapping[str, Any], name: str, place: Place) -> str:
    """`{x}` is `x` of the config; what begins with a slash is appended to `base_url`."""
    if name not in options:
        raise NotAcquired(
            Reason.INCOMPLETE,
            f"neither the definition nor the config has {name}: add one.",
            sent=False,
        )
    address = _NAME.sub(lambda found: _filled(found[1], name, place), str(options[name]))
    if address.startswith("/"):
        return str(place.config.get("base_url", "")).rstrip("/") + address
    return address


def _filled(member: str, name: str, place: Place) -> str:
    value = place.config.get(member)
    if not isinstance(value, str | int) or isinstance(value, bool) or value == "":
        raise NotAcquired(
            Reason.INCOMPLETE, f"{name} needs {member} of the config: add it.", sent=False
        )
    return quote(str(value), safe="")


def pinned(name: str, address: str, place: Place, *, said: str | None) -> tuple[str, ...]:
    """The hosts that `address` may lead to, which it does.

    The definition's own word `said` is trusted where it names the host. Whoever may edit
    the config may not have the secret: a host from there must be one of `allowed_hosts`
    (default: the host of `base_url`). Raises NotAcquired.
    """
    try:
        origin = policy.parse_url(address).origin
        if said is not None and _names_host(said):
            return (origin.host,)
        hosts = place.allowed_hosts or (policy.host_of(str(place.config.get("base_url", ""))),)
        policy.check_host(origin, hosts)
    except HubError as error:
        raise NotAcquired(
            Reason.FORBIDDEN_ADDRESS, f"{name} may not be called: {error.detail}", sent=False
        ) from None
    return hosts


def _names_host(said: str) -> bool:
    """Whether its host is fixed, or the config adds to it below a domain of two labels."""
    host = _HOST.match(said)
    return host is not None and ("{" not in host[1] or _BELOW.search(host[1]) is not None)


def is_fixed(said: str | None) -> bool:
    """Whether the definition's own word `said` names a host, with nothing of the config in it."""
    host = _HOST.match(said or "")
    return host is not None and "{" not in host[1]
