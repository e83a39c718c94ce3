"""The time that deliveries go by: the database's, which hosts agree on."""

from __future__ import annotations

from datetime import datetime

from integration_hub.coordination import dbtime
from integration_hub.lib import clock


def now() -> datetime:
    """The database's time; a clock that stands in for the machine's stands in for it too."""
    return dbtime.now() if clock.is_real() else clock.now()
