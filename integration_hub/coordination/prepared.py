"""A cursor for statements that every call runs: PostgreSQL parses and plans them once.

Django's own cursor writes the values into the text, so that the server reads
every statement anew: for the two large ones of a call, half of their cost.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import count
from typing import Any

from django.db import connections

try:
    from psycopg import RawCursor
except ImportError:  # SQLite needs no driver, and never comes here
    RawCursor = object  # type: ignore[assignment,misc]

_PLACEHOLDER = re.compile(r"%[s%]")


class _PreparedCursor(RawCursor):
    """Takes the same text and values as any other cursor of Django."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        if params is None:
            return super().execute(query, **options)
        return super().execute(_numbered(query), params, prepare=True, **options)

    def _send_query_prepared(self, name: bytes, pgq: Any, *, binary: bool | None = None) -> None:
        self._query = pgq  # where Django's query log looks
        super()._send_query_prepared(name, pgq, binary=binary)


def cursor(using: str) -> Any:
    """Like `connections[using].cursor()`; only for statements of few and fixed texts.

    A value without a type of its own (text, NULL) takes that of the column it is
    set or compared to; anywhere else the statement must cast it.
    """
    connection: Any = connections[using]
    if connection.vendor != "postgresql":
        return connection.cursor()
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    with connection.wrap_database_errors:
        return connection._prepare_cursor(_PreparedCursor(connection.connection))


@lru_cache(maxsize=512)
def _numbered(query: str) -> str:
    """`%s, %s` as `$1, $2`."""
    number = count(1)
    return _PLACEHOLDER.sub(lambda found: "%" if found[0] == "%%" else f"${next(number)}", query)
