"""The database's clock, which hosts agree on: leases and due times go by it.

Policy (windows, waits, expiry of tokens) goes by `integration_hub.lib.clock`, which
every look here sets right where this machine's clock is wrong.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.models.functions import Now
from django.utils.dateparse import parse_datetime

from integration_hub.lib import clock

__all__ = ["Now", "now"]

# `Now()` in a query is the time of the statement on both engines, not of the transaction,
# and `Now() + timedelta(...)` works in filters and updates.
_NOW = {
    "postgresql": "SELECT clock_timestamp()",
    "sqlite": "SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')",
}


_QUICK_S = 0.5
"""An answer that took longer says too little of when it was given."""


def now() -> datetime:
    """The time of the database server, aware, in UTC; one statement."""
    began = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute(_NOW[connection.vendor])
        (found,) = cursor.fetchone()
    moment = parse_datetime(found) if isinstance(found, str) else found
    if not isinstance(moment, datetime):
        raise TypeError(f"the database says that the time is {found!r}")
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    took = time.monotonic() - began
    if took < _QUICK_S:
        clock.set_right(moment, datetime.now(UTC) - timedelta(seconds=took / 2))
    return moment
