"""MariaDB and MySQL by PyMySQL on the guarded socket.

PyMySQL writes each value as an escaped literal in the connection's own character set: this
protocol binds nothing in a plain query.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, cast

import pymysql
from pymysql.connections import Connection
from pymysql.cursors import Cursor, SSCursor
from sqlalchemy.dialects.mysql.pymysql import MySQLDialect_pymysql
from sqlalchemy.engine import Dialect

from executor.sql.refusals import Refusal, of_number
from executor.sql.session import Found, Session
from executor.sql.statement import Bound, Statement
from integration_hub.egress.connect import start_tls
from integration_hub.egress.door import Login, TlsOptions
from integration_hub.egress.kept import GuardedSocket
from integration_hub.egress.pooling import Kept, quietly
from integration_hub.egress.sockets import DeadlineSocket
from integration_hub.lib.errors import ConnectionFailed, TimedOut

_TIMED_OUT = frozenset({1317, 1969, 3024})
_NO_TLS = 2026
_RESET = 0x1F  # COM_RESET_CONNECTION
_CLIENT_ERRORS = range(2000, 3000)  # the client's own: the connection ended, or is none
_LOGIN_METHOD = 2059
_BATCH = 100


class _Starter:
    """In the place of an SSLContext: TLS as egress speaks it."""

    def __init__(self, options: TlsOptions) -> None:
        self._options = options

    def wrap_socket(self, sock: DeadlineSocket, server_hostname: str) -> GuardedSocket:
        return start_tls(sock, server_hostname, self._options)


class _Client(Connection):  # type: ignore[misc]  # PyMySQL has no types
    def _create_ssl_ctx(self, sslp: Any) -> Any:
        return sslp

    @property
    def socket(self) -> GuardedSocket:
        return cast("GuardedSocket", self._sock)

    @property
    def is_reading(self) -> bool:
        """Whether rows of the last answer are still to come."""
        return self._result is not None and bool(self._result.unbuffered_active)

    def drop(self) -> None:
        """Close, and keep what is left of an answer from being read when it is collected."""
        if self._result is not None:
            self._result.unbuffered_active = False
        self._force_close()

    def reset(self) -> None:
        """Transaction, variables, locks and temporary tables go; the login stays."""
        self._execute_command(_RESET, b"")
        self._read_ok_packet()


class MariaDB(Session, Kept):
    dialect: ClassVar[Dialect] = MySQLDialect_pymysql()
    undoes: ClassVar[bool] = False  # a table's engine may know no transactions

    def __init__(self, client: _Client) -> None:
        self._client = client
        self._sock = client.socket
        self._is_mariadb = "mariadb" in client.get_server_info().lower()

    @classmethod
    def opened(
        cls, sock: DeadlineSocket, host: str, database: str, login: Login, tls: TlsOptions | None
    ) -> MariaDB:
        """Log in over `sock`; under TLS, for the name `host`, where `tls` is given."""
        client = _Client(
            host=host,
            user=login.username,
            password=login.password.encode(),
            database=database,
            charset="utf8mb4",
            ssl=None if tls is None else _Starter(tls),
            ssl_disabled=tls is None,
            defer_connect=True,
            autocommit=None,
        )
        with _told(host):
            client.connect(sock)
        return cls(client)

    @property
    def sock(self) -> GuardedSocket:
        return self._sock

    def ping(self) -> None:
        self._client.ping(reconnect=False)

    def close(self) -> None:
        quietly(self._sock.close)
        self._client.drop()

    def begin(self, *, writes: bool, seconds: float) -> None:
        limit = max(0.001, seconds)
        text = (
            f"SET SESSION max_statement_time = {limit:.3f}"
            if self._is_mariadb
            else f"SET SESSION max_execution_time = {int(limit * 1000)}"
        )
        with _told():
            self._client.query(text)
            self._client.query(f"START TRANSACTION READ {'WRITE' if writes else 'ONLY'}")

    def run(self, statement: Statement, bound: Bound, *, writes: bool) -> Found:
        cursor = self._client.cursor(Cursor if writes else SSCursor)
        with _told():
            affected = cursor.execute(bound.text, bound.values)
        columns = tuple(column[0] for column in cursor.description or ())
        rows = self._fetched(cursor) if columns else ()
        return Found(columns, rows, affected if writes else None)

    def commit(self) -> None:
        with _told():
            self._client.commit()

    def end(self) -> None:
        """An answer that was not read to its end is not worth reading: the connection goes."""
        if self._client.is_reading:
            self.usable = False
            return
        with _told():
            self._client.reset()

    def _fetched(self, cursor: Cursor) -> Iterator[Sequence[Any]]:
        while True:
            with _told():
                rows = cursor.fetchmany(_BATCH)
            if not rows:
                return
            yield from rows


@contextmanager
def _told(host: str = "") -> Iterator[None]:
    """PyMySQL's errors as the hub's."""
    try:
        yield
    except pymysql.MySQLError as error:
        number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
        message = str(error.args[1]) if len(error.args) > 1 else ""
        raise _judged(number, message, host) from None
    except (OSError, ValueError, IndexError, AssertionError, AttributeError) as error:
        # A connection that ended, or bytes that are not this protocol's.
        raise ConnectionFailed("The connection to the database broke off.") from error


def _judged(number: int, message: str, host: str) -> Exception:
    if number in _TIMED_OUT:
        return TimedOut("The database ended the statement: its time was up.")
    if number == _NO_TLS:
        return ConnectionFailed(
            f"{host} offers no TLS. Where it need not, say tls: off in the instance's config.",
            sent=False,
        )
    if number == 0 or (number in _CLIENT_ERRORS and number != _LOGIN_METHOD):
        return ConnectionFailed("The connection to the database broke off.")
    return Refusal(of_number(number), str(number), {"message": message})
