"""PostgreSQL by pg8000, which takes the guarded socket and binds on the server's side."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, ClassVar, cast

from pg8000 import converters as pg
from pg8000.core import CoreConnection
from pg8000.exceptions import DatabaseError, InterfaceError
from sqlalchemy.dialects.postgresql.pg8000 import PGDialect_pg8000
from sqlalchemy.engine import Dialect

from executor.sql.refusals import Refusal, of_state
from executor.sql.session import Found, Session
from executor.sql.statement import Bound, Statement
from executor.sql.values import json_text
from integration_hub.egress.connect import start_tls
from integration_hub.egress.door import Login, TlsOptions
from integration_hub.egress.kept import GuardedSocket
from integration_hub.egress.pooling import Kept, quietly
from integration_hub.egress.sockets import DeadlineSocket
from integration_hub.lib.errors import ConnectionFailed, TimedOut

_TLS_REQUEST = (8).to_bytes(4) + (80877103).to_bytes(4)  # PostgreSQL's protocol, "SSLRequest"
_CANCELLED = "57014"
_FIRST, _BATCH_BYTES, _LARGEST_BATCH = 10, 256 * 1024, 500
_STARTED_WITH = {"TimeZone": "UTC", "DateStyle": "ISO", "IntervalStyle": "iso_8601"}
_PARTS = {"C": "sqlstate", "M": "message", "D": "detail", "H": "hint", "n": "constraint"}


class PostgreSQL(Session, Kept):
    dialect: ClassVar[Dialect] = cast("Any", PGDialect_pg8000)(paramstyle="numeric_dollar")
    undoes: ClassVar[bool] = True

    def __init__(self, client: CoreConnection, sock: GuardedSocket) -> None:
        self._client = client
        self._sock = sock

    @classmethod
    def opened(
        cls, sock: DeadlineSocket, host: str, database: str, login: Login, tls: TlsOptions | None
    ) -> PostgreSQL:
        """Log in over `sock`; under TLS, for the name `host`, where `tls` is given."""
        secured = sock if tls is None else _secured(sock, host, tls)
        with _told():
            client = CoreConnection(
                user=login.username or "postgres",
                password=login.password,
                database=database,
                application_name="integration-hub",
                startup_params=_STARTED_WITH,
                ssl_context=False,
                sock=secured,
            )
        client.pg_types.update(_TYPES)
        client.pg_types.default_factory = lambda: str
        return cls(client, secured)

    @property
    def sock(self) -> GuardedSocket:
        return self._sock

    def ping(self) -> None:
        self._client.execute_simple("")

    def close(self) -> None:
        quietly(self._sock.close)

    def begin(self, *, writes: bool, seconds: float) -> None:
        kind = "READ WRITE" if writes else "READ ONLY"
        limit = max(1, int(seconds * 1000))
        with _told():
            self._client.execute_simple(f"BEGIN {kind}; SET LOCAL statement_timeout = {limit}")

    def run(self, statement: Statement, bound: Bound, *, writes: bool) -> Found:
        with _told():
            if not writes and statement.can_be_fetched:
                self._execute(f"DECLARE hub NO SCROLL CURSOR FOR {bound.text}", bound.values)
                first = self._client.execute_simple(f"FETCH FORWARD {_FIRST} FROM hub")
                return Found(_names(first.columns), self._fetched(first.rows))
            done = self._execute(bound.text, bound.values)
        affected = done.row_count if done.row_count >= 0 else None
        return Found(_names(done.columns or ()), done.rows or (), affected)

    def commit(self) -> None:
        with _told():
            self._client.execute_simple("COMMIT")

    def end(self) -> None:
        with _told():
            self._client.execute_simple("ROLLBACK")
            self._client.execute_simple("DISCARD ALL")

    def _execute(self, text: str, values: Sequence[Any]) -> Any:
        """By the extended protocol, which takes one statement and no more."""
        return self._client.execute_unnamed(text, vals=values)

    def _fetched(self, rows: Sequence[Sequence[Any]]) -> Iterator[Sequence[Any]]:
        """All rows, the rest in batches whose size follows that of the rows so far."""
        count, size = _FIRST, _FIRST
        while True:
            yield from rows
            if len(rows) < size:
                return
            received = self._received()
            size = max(1, min(_LARGEST_BATCH, _BATCH_BYTES * count // max(1, received)))
            with _told():
                rows = self._client.execute_simple(f"FETCH FORWARD {size} FROM hub").rows
            count += len(rows)

    def _received(self) -> int:
        return self._sock.call.received if self._sock.call is not None else 0


def _secured(sock: DeadlineSocket, host: str, tls: TlsOptions) -> GuardedSocket:
    sock.sendall(_TLS_REQUEST)
    if sock.recv(1) != b"S":
        sock.close()
        raise ConnectionFailed(
            f"{host} offers no TLS. Where it need not, say tls: off in the instance's config.",
            sent=False,
        )
    return start_tls(sock, host, tls)


@contextmanager
def _told() -> Iterator[None]:
    """pg8000's errors as the hub's."""
    try:
        yield
    except DatabaseError as error:
        raise _refusal(error.args[0] if error.args else {}) from None
    except (
        InterfaceError, OSError, AttributeError, ValueError, LookupError, TypeError, struct.error
    ) as error:  # fmt: skip
        # A connection that ended, or bytes that are not PostgreSQL's.
        raise ConnectionFailed("The connection to the database broke off.") from error


def _refusal(told: Any) -> Exception:
    parts: Mapping[str, str] = told if isinstance(told, Mapping) else {}
    state = parts.get("C", "")
    if state == _CANCELLED:
        return TimedOut("The database ended the statement: its time was up.")
    said = {name: parts[letter] for letter, name in _PARTS.items() if parts.get(letter)}
    return Refusal(of_state(state), state, said)


def _names(columns: Any) -> tuple[str, ...]:
    return tuple(str(column["name"]) for column in columns)


def _instant(text: str) -> str:
    """PostgreSQL's ISO style as RFC 3339; `infinity` and years before Christ stay as they are."""
    if text[-1] not in "0123456789":
        return text
    day, _, rest = text.partition(" ")
    return f"{day}T{rest.removesuffix('+00')}" + ("Z" if rest.endswith("+00") else "")


def _read(convert: Callable[[str], Any]) -> Callable[[str], Any]:
    """`convert`, or the text itself where Python has no such value (a year above 9999)."""

    def read(text: str) -> Any:
        try:
            return convert(text)
        except (ValueError, OverflowError, InterfaceError):
            return text

    return read


def _types() -> Iterator[tuple[int, Callable[[str], Any]]]:
    """How a column's text is read. What is not here stays text: numerics, dates, intervals,
    ranges and all that extensions bring."""
    plain = ("BIGINT", "INTEGER", "SMALLINT", "OID", "BOOLEAN", "BYTES", "FLOAT", "REAL")
    lists = (
        "BIGINT", "INTEGER", "SMALLINT", "BOOLEAN", "BYTES", "FLOAT", "REAL", "NUMERIC", "TEXT",
        "VARCHAR", "CHAR", "NAME", "UUID", "DATE", "TIMESTAMP", "TIMESTAMPTZ",
    )  # fmt: skip
    for name in (*plain, *(f"{name}_ARRAY" for name in lists)):
        oid = getattr(pg, name)
        yield oid, _read(pg.PG_TYPES[oid])
    for name in ("TIMESTAMP", "TIMESTAMPTZ"):
        yield getattr(pg, name), _instant
    for name in ("JSON", "JSONB"):
        yield getattr(pg, name), json_text


_TYPES = MappingProxyType(
    {**dict.fromkeys(pg.PG_TYPES, str), **dict(_types())},
)
