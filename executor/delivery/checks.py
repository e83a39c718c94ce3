"""System checks of what delivery needs of the database: its claims are only as good as that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

SHORTEST_AGE = 60
READ_COMMITTED = 2
"""psycopg.IsolationLevel, which SQLite's installations need not have."""


def check_connections(**_: Any) -> list[CheckMessage]:
    """Connections are kept, shared with no fork, and write as the claims expect."""
    database = settings.DATABASES["default"]
    return [*_keeping(database), *_transactions(database)]


def _keeping(database: dict[str, Any]) -> Iterator[CheckMessage]:
    kept = database.get("CONN_MAX_AGE", 0)
    if kept is not None and kept < SHORTEST_AGE:
        yield Error(
            f"CONN_MAX_AGE is {kept}: the task queue would do 8 tasks a second instead of 430.",
            hint=f"Set it to {SHORTEST_AGE} or more.",
            id="hub.E123",
        )
    if "pool" in database.get("OPTIONS", {}):
        yield Error(
            "psycopg's pool does not survive the forks of the task cluster.",
            hint="Remove OPTIONS['pool'] from DATABASES['default'].",
            id="hub.E122",
        )


def _transactions(database: dict[str, Any]) -> Iterator[CheckMessage]:
    options = database.get("OPTIONS", {})
    if database.get("ATOMIC_REQUESTS"):
        yield Error(
            "ATOMIC_REQUESTS is on: a call would hold a transaction open while it waits outside.",
            hint="Leave it off; services open the transactions that they need.",
            id="hub.E124",
        )
    if database.get("AUTOCOMMIT", True) is not True:
        yield Error(
            "AUTOCOMMIT is off: nothing that is claimed would be seen by others.",
            hint="Leave it on.",
            id="hub.E125",
        )
    if options.get("isolation_level") not in (None, READ_COMMITTED):
        yield Error(
            "OPTIONS['isolation_level'] is not READ COMMITTED.",
            hint="Conditional updates would fail instead of finding that another was first.",
            id="hub.E126",
        )
    if _is_sqlite(database) and options.get("transaction_mode") != "IMMEDIATE":
        yield Error(
            "OPTIONS['transaction_mode'] is not IMMEDIATE on SQLite.",
            hint="Two workers could read the same row before either claims it.",
            id="hub.E127",
        )


def _is_sqlite(database: dict[str, Any]) -> bool:
    return str(database.get("ENGINE", "")).endswith("sqlite3")
