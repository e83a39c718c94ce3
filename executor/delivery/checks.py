"""System checks of what the task cluster needs of the database connections."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

SHORTEST_AGE = 60


def check_connections(**_: Any) -> list[CheckMessage]:
    """Connections are kept, and not by a pool that the cluster's forks would share."""
    return list(_faults(settings.DATABASES["default"]))


def _faults(database: dict[str, Any]) -> Iterator[CheckMessage]:
    kept = database.get("CONN_MAX_AGE", 0)
    if kept is not None and kept < SHORTEST_AGE:
        yield Error(
            f"CONN_MAX_AGE is {kept}: the task queue would do 8 tasks a second instead of 430.",
            hint=f"Set it to {SHORTEST_AGE} or more.",
            id="hub.E121",
        )
    if "pool" in database.get("OPTIONS", {}):
        yield Error(
            "psycopg's pool does not survive the forks of the task cluster.",
            hint="Remove OPTIONS['pool'] from DATABASES['default'].",
            id="hub.E122",
        )
