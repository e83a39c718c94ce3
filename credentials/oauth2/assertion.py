"""Signed assertions (RFC 7523): who the client is, or for whom it asks. Each is used once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from credentials.jose import HMACS, compact
from integration_hub.lib import clock, jsonsafe

LIFETIME = 60
"""Seconds from its making to its end: long enough for one request, too short to be found."""


def signed(
    claims: Mapping[str, Any], *, key: str, algorithm: str = "RS256", key_id: str = ""
) -> str:
    """A compact JWT with `iat`, `exp` and a `jti` of its own. Raises jose.BadKey."""
    now = int(clock.now().timestamp())
    times = {"iat": now, "exp": now + LIFETIME, "jti": str(uuid4())}
    header = {"typ": "JWT"} | ({"kid": key_id} if key_id else {})
    payload = jsonsafe.dumps({**claims, **times})
    shared = key.encode() if algorithm in HMACS else key
    return compact(header, payload, key=shared, algorithm=algorithm)
