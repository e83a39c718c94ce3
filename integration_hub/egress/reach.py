"""Whether a host takes a connection, and how its TLS stands; nothing is said to it."""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from integration_hub.egress.connect import connect
from integration_hub.egress.door import Deadline, TlsOptions
from integration_hub.egress.sockets import DeadlineTLSSocket


@dataclass(frozen=True, slots=True)
class Reached:
    """`ends_at` is when the certificate does; None in clear, or where nobody verifies it."""

    ms: float
    version: str = ""
    ends_at: datetime | None = None


def reach(
    host: str, port: int, *, deadline: Deadline, tls: TlsOptions | None, secure: bool
) -> Reached:
    """Raises TargetForbidden, ConnectionFailed, TimedOut, as every way out."""
    began = time.perf_counter()
    options = (tls or TlsOptions()) if secure else None
    sock = connect(host, port, deadline=deadline, tls=options)
    try:
        took = (time.perf_counter() - began) * 1000
        if options is None:
            return Reached(took)
        secured = cast("DeadlineTLSSocket", sock)
        ends = (secured.getpeercert() or {}).get("notAfter")
        ends_at = _moment(str(ends)) if ends else None
        return Reached(took, secured.version() or "", ends_at)
    finally:
        sock.close()


def _moment(not_after: str) -> datetime:
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(not_after), UTC)
