"""The database's clock without a query a call: leases must mean the same on every host.

The difference to this host's clock is measured once a minute and added.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

from integration_hub.coordination import dbtime

MEASURE_EVERY_S = 60.0

_lock = threading.Lock()
_measured_at: float | None = None
_ahead = timedelta()


def now() -> datetime:
    """The database's time, right to what its clock drifts from ours in a minute."""
    if _measured_at is None or time.monotonic() - _measured_at > MEASURE_EVERY_S:
        _measure()
    return datetime.now(UTC) + _ahead


def _measure() -> None:
    global _measured_at, _ahead  # noqa: PLW0603 - one offset a process is the point
    theirs = dbtime.now()
    with _lock:
        _ahead = theirs - datetime.now(UTC)
        _measured_at = time.monotonic()
