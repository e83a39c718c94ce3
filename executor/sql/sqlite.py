"""SQLite: a file of the folder that the operator opened to it, and nothing else.

There is no connection to guard: the file is opened for each call, by a connection that
may attach no other file, load no extension and, where it reads, write nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from django.conf import settings
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import Dialect

from executor.sql.refusals import AGAIN, AWAY, BAD, CLASH, FAULT, VALUE, Refusal
from executor.sql.session import Found, Session
from executor.sql.statement import Bound, Statement
from integration_hub.egress.door import Deadline
from integration_hub.lib.errors import ConnectionFailed, HubError, TargetForbidden, TimedOut

_BUSY_SECONDS = 2.0  # a lock is waited for in C, where no cancel is seen
_STEPS = 5_000  # of SQLite's machine, between two looks at the deadline

_STATUSES = {
    sqlite3.SQLITE_CONSTRAINT: CLASH,
    sqlite3.SQLITE_BUSY: AGAIN,
    sqlite3.SQLITE_LOCKED: AGAIN,
    sqlite3.SQLITE_READONLY: BAD,
    sqlite3.SQLITE_AUTH: BAD,
    sqlite3.SQLITE_ERROR: BAD,
    sqlite3.SQLITE_MISUSE: BAD,
    sqlite3.SQLITE_TOOBIG: VALUE,
    sqlite3.SQLITE_MISMATCH: VALUE,
    sqlite3.SQLITE_RANGE: VALUE,
    sqlite3.SQLITE_FULL: AWAY,
    sqlite3.SQLITE_IOERR: AWAY,
}
_READS = frozenset(
    {
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_FUNCTION,
        sqlite3.SQLITE_RECURSIVE,
        sqlite3.SQLITE_TRANSACTION,
    }
)
_WRITES = frozenset({sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE})


class SQLite(Session):
    dialect: ClassVar[Dialect] = SQLiteDialect_pysqlite(paramstyle="named")
    undoes: ClassVar[bool] = True

    def __init__(self, client: sqlite3.Connection, deadline: Deadline) -> None:
        self._client = client
        self._deadline = deadline

    @classmethod
    @contextmanager
    def opened(cls, name: str, *, writes: bool, deadline: Deadline) -> Iterator[SQLite]:
        """The file `name` of HUB_SQLITE_DIR. Raises TargetForbidden, ConnectionFailed."""
        path = _path(name)
        mode = "rw" if writes else "ro"
        patience = min(_BUSY_SECONDS, deadline.check(sent=False))
        with _told(deadline):
            try:
                client = sqlite3.connect(
                    f"{path.as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=patience
                )
            except sqlite3.OperationalError:
                raise _no_file(name) from None
        try:
            yield cls(client, deadline)
        finally:
            client.close()

    def begin(self, *, writes: bool, seconds: float) -> None:
        client, deadline = self._client, self._deadline.tightened(seconds)
        with _told(self._deadline):
            client.execute("PRAGMA trusted_schema = OFF")
            if not writes:
                client.execute("PRAGMA query_only = ON")
            client.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, settings.HUB_MAX_RESPONSE_BYTES)
            client.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
            client.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
            client.set_progress_handler(lambda: _is_over(deadline), _STEPS)
            client.set_authorizer(_writer if writes else _reader)

    def run(self, statement: Statement, bound: Bound, *, writes: bool) -> Found:
        with _told(self._deadline):
            cursor = self._client.execute(bound.text, dict(bound.by_name))
        columns = tuple(column[0] for column in cursor.description or ())
        if writes:
            with _told(self._deadline):
                rows = cursor.fetchall() if columns else []
            return Found(columns, rows, cursor.rowcount if cursor.rowcount >= 0 else None)
        return Found(columns, self._fetched(cursor))

    def commit(self) -> None:
        self._client.set_authorizer(None)
        with _told(self._deadline):
            self._client.execute("COMMIT")

    def end(self) -> None:
        """Closing the connection undoes what is open."""

    def _fetched(self, cursor: sqlite3.Cursor) -> Iterator[Any]:
        while True:
            with _told(self._deadline):
                row = cursor.fetchone()
            if row is None:
                return
            yield row


def _path(name: str) -> Path:
    """Where the file is, links followed. Raises TargetForbidden for one outside the folder."""
    if not settings.HUB_SQLITE_DIR:
        raise TargetForbidden(
            "SQLite files are not opened here: the operator sets HUB_SQLITE_DIR to the folder "
            "that holds those that may be."
        )
    folder = Path(settings.HUB_SQLITE_DIR).resolve()
    try:
        path = (folder / name).resolve()
    except (OSError, ValueError):
        raise _no_file(name) from None
    own = {Path(str(item["NAME"])).resolve() for item in settings.DATABASES.values()}
    if not path.is_relative_to(folder) or path in own:
        raise TargetForbidden(
            f"The database {name[:80]!r} is not a file of HUB_SQLITE_DIR that may be opened."
        )
    if not path.is_file():
        raise _no_file(name)
    return path


def _no_file(name: str) -> ConnectionFailed:
    return ConnectionFailed(
        f"There is no SQLite database {name[:80]!r} in HUB_SQLITE_DIR that the hub may use so.",
        sent=False,
    )


def _is_over(deadline: Deadline) -> bool:
    return deadline.cancelled or deadline.remaining() <= 0


def _reader(action: int, *_: Any) -> int:
    return sqlite3.SQLITE_OK if action in _READS else sqlite3.SQLITE_DENY


def _writer(action: int, *_: Any) -> int:
    return sqlite3.SQLITE_OK if action in _READS | _WRITES else sqlite3.SQLITE_DENY


@contextmanager
def _told(deadline: Deadline) -> Iterator[None]:
    """sqlite3's errors as the hub's."""
    try:
        yield
    except OverflowError:
        raise Refusal(VALUE, "", {"message": "a number has more than 64 bits"}) from None
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise _judged(error, deadline) from None


def _judged(error: Exception, deadline: Deadline) -> Exception:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_MISUSE) & 0xFF
    if code == sqlite3.SQLITE_INTERRUPT:
        return _ended(deadline)
    name = getattr(error, "sqlite_errorname", "")
    return Refusal(_STATUSES.get(code, FAULT), name, {"message": str(error)})


def _ended(deadline: Deadline) -> HubError:
    try:
        deadline.check(sent=True)
    except HubError as error:
        return error
    return TimedOut("The database ended the statement: its time was up.")
