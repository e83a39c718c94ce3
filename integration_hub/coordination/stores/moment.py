"""The time of the database server as seconds since 1970, inside the statement that needs it."""

from __future__ import annotations

import time
from functools import cache
from typing import Any

from django.db import connection

from integration_hub.coordination.permit import fixed_now


def now_sql() -> tuple[str, list[Any]]:
    """An expression and its parameters. SQLite is on this host, so its clock is ours."""
    fixed = fixed_now()
    if on_postgresql():
        if fixed is None:
            return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS double precision)", []
        return "CAST(%s AS double precision)", [fixed]
    return "%s", [time.time() if fixed is None else fixed]


@cache
def on_postgresql() -> bool:
    """The same for as long as a process lives; asking the connection costs as much as a token."""
    return connection.vendor == "postgresql"
