"""Statements that every call runs, on the shortest way to the database.

PostgreSQL parses and plans them once a connection: Django's own cursor writes the
values into the text, so that the server reads every statement anew, for the two
large ones of a call half of their cost. And a cursor, whoever's, costs more than to
hand plain values to libpq, so that is what happens outside of transactions, where a
statement is one commit. SQLite's driver keeps what it has parsed by itself; there
Django's cursor alone costs more than a small statement.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import count
from typing import Any
from uuid import UUID

from django.db import connections

try:
    from psycopg import Binary, OperationalError, RawCursor, errors
    from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
    from psycopg.types.numeric import Int2, Int4, Int8
except ImportError:  # SQLite needs no driver, and never comes to what uses these
    RawCursor = object  # type: ignore[assignment,misc]  # stands in for the class

_KEPT = "hub_prepared"  # on the driver's connection: its statements by their text
_numbers = count()
_PLACEHOLDER = re.compile(r"%[s%]")
_TEXT: dict[type, Callable[[Any], bytes]] = {
    bool: lambda value: b"t" if value else b"f",
    int: lambda value: b"%d" % value,
    float: lambda value: repr(value).encode(),
    UUID: lambda value: b"%032x" % value.int,
    datetime: lambda value: value.isoformat().encode(),
}
"""How the driver writes these as text, without asking it for each value anew."""
if RawCursor.__module__.startswith("psycopg"):
    _TEXT |= {
        Int2: _TEXT[int],
        Int4: _TEXT[int],
        Int8: _TEXT[int],
        Binary: lambda value: b"\\x" + bytes(value.obj).hex().encode(),
    }


class _PreparedCursor(RawCursor):
    """Takes the same text and values as any other cursor of Django."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        if params is None:
            return super().execute(query, **options)
        return super().execute(_numbered(query), params, prepare=True, **options)

    def _send_query_prepared(self, name: bytes, pgq: Any, *, binary: bool | None = None) -> None:
        self._query = pgq  # where Django's query log looks
        super()._send_query_prepared(name, pgq, binary=binary)


def fetch(using: str, query: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Run one of few and fixed texts with `%s`, and all its rows; outside a transaction it commits.

    A value without a type of its own (text, NULL) takes that of the column it is
    set or compared to; anywhere else the statement must cast it. Of the result,
    texts and integers may be bytes: `int()` and `str_of` take either.
    """
    connection: Any = connections[using]
    if connection.vendor != "postgresql":
        return read(using, query, params)
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    values = _plain(connection, params)
    if values is not None:
        with connection.wrap_database_errors:
            return _found(connection.connection, query, values)
    with connection.wrap_database_errors:
        cursor = connection._prepare_cursor(_PreparedCursor(connection.connection))
    with cursor:
        cursor.execute(query, params)
        return list(cursor.fetchall())


def read(using: str, query: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    """All rows of one of few and fixed texts with `%s`, each value as the driver gives it."""
    connection: Any = connections[using]
    if _goes_plain(connection):
        return list(_on_sqlite(connection, query, params).fetchall())
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return list(cursor.fetchall())


def change(using: str, query: str, params: Sequence[Any]) -> int:
    """Run one of few and fixed texts with `%s`; how many rows it wrote or removed."""
    connection: Any = connections[using]
    if _goes_plain(connection):
        return int(_on_sqlite(connection, query, params).rowcount)
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return int(cursor.rowcount)


def str_of(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode()


def _goes_plain(connection: Any) -> bool:
    """To SQLite, unless its queries are logged or wrapped, which Django's cursor does."""
    return connection.vendor == "sqlite" and not (
        connection.queries_logged or connection.execute_wrappers
    )


def _on_sqlite(connection: Any, query: str, params: Sequence[Any]) -> Any:
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    with connection.wrap_database_errors:
        return connection.connection.execute(_marked(query), params)


def _plain(connection: Any, params: Sequence[Any]) -> list[bytes | None] | None:
    """The values as libpq takes them; None when a cursor has to be asked.

    That is: inside a transaction, when queries are logged or wrapped, and for a
    value of another type or with a NUL, which ends a text of libpq.
    """
    if connection.in_atomic_block or connection.queries_logged or connection.execute_wrappers:
        return None
    values: list[bytes | None] = []
    for value in params:
        if type(value) is str:
            if "\0" in value:
                return None
            values.append(value.encode())
        elif value is None:
            values.append(None)
        elif (write := _TEXT.get(type(value))) is not None:
            values.append(write(value))
        else:
            return None
    return values


def _found(raw: Any, query: str, values: list[bytes | None]) -> list[tuple[Any, ...]]:
    pg = raw.pgconn
    if pg.transaction_status != TransactionStatus.IDLE:
        raise OperationalError("the connection is not idle: it is lost, or a statement is open")
    try:
        found = _run(raw, query, values)
    except errors.InvalidSqlStatementName:
        # The driver forgets all statements after a rollback, poolers now and then: nothing ran.
        raw.__dict__.pop(_KEPT)
        found = _run(raw, query, values)
    columns = range(found.nfields)
    return [
        tuple(found.get_value(row, column) for column in columns) for row in range(found.ntuples)
    ]


def _run(raw: Any, query: str, values: list[bytes | None]) -> Any:
    names: dict[str, bytes] = raw.__dict__.setdefault(_KEPT, {})
    name = names.get(query)
    if name is None:
        name = b"hub_%d" % next(_numbers)  # never one that an earlier statement may still have
        _checked(raw.pgconn, raw.pgconn.prepare(name, _numbered(query).encode()))
        names[query] = name
    return _checked(raw.pgconn, raw.pgconn.exec_prepared(name, values))


def _checked(pg: Any, result: Any) -> Any:
    if result.status in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
        return result
    if pg.status == ConnStatus.BAD:
        raise OperationalError(pg.get_error_message())
    raise errors.error_from_result(result, encoding="utf-8")


@lru_cache(maxsize=512)
def _numbered(query: str) -> str:
    """`%s, %s` as `$1, $2`."""
    number = count(1)
    return _PLACEHOLDER.sub(lambda found: "%" if found[0] == "%%" else f"${next(number)}", query)


@lru_cache(maxsize=512)
def _marked(query: str) -> str:
    """`%s, %s` as `?, ?`."""
    return _PLACEHOLDER.sub(lambda found: "%" if found[0] == "%%" else "?", query)
