"""A session for one call: a kept connection, a new one, or a SQLite file."""

from __future__ import annotations

from contextlib import AbstractContextManager

from django.conf import settings

from executor.sql.mariadb import MariaDB
from executor.sql.postgresql import PostgreSQL
from executor.sql.session import Session
from executor.sql.sqlite import SQLite
from executor.tcp.lending import lent
from executor.tcp.location import port_of
from integration_hub.egress.door import Login, TlsOptions
from integration_hub.egress.kept import GuardedSocket
from integration_hub.egress.pooling import Pool
from integration_hub.egress.sockets import DeadlineSocket
from registry.adapter import AdapterCall

PORTS = {"postgresql": 5432, "mariadb": 3306, "mysql": 3306}
SESSIONS: dict[str, type[Session]] = {
    "postgresql": PostgreSQL,
    "mariadb": MariaDB,
    "mysql": MariaDB,
    "sqlite": SQLite,
}
pool: Pool[PostgreSQL | MariaDB] = Pool()


def session_for(call: AdapterCall, *, writes: bool) -> AbstractContextManager[Session]:
    """Raises, when entered, TargetForbidden, ConnectionFailed, Refusal for a login that is not
    taken, TimedOut, Cancelled and ConcurrencyLimitExceeded; nothing is sent then."""
    dialect, database = str(call.config["dialect"]), str(call.config["database"])
    if dialect == "sqlite":
        return SQLite.opened(database, writes=writes, deadline=call.deadline)
    return _lent(call, dialect, database)


def _lent(call: AdapterCall, dialect: str, database: str) -> AbstractContextManager[Session]:
    host = str(call.config["host"])
    opened = PostgreSQL.opened if dialect == "postgresql" else MariaDB.opened

    def begun(sock: GuardedSocket, login: Login, tls: TlsOptions | None) -> PostgreSQL | MariaDB:
        assert isinstance(sock, DeadlineSocket)  # noqa: S101 - no TLS was asked for yet
        return opened(sock, host, database, login, tls)

    return lent(
        pool,
        call,
        begun,
        port=port_of(call.config, PORTS[dialect]),
        parts=(dialect, database),
        max_bytes=settings.HUB_MAX_RESPONSE_BYTES,
        tls_at_once=False,
    )
