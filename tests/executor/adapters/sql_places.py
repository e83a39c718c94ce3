"""PostgreSQL, MariaDB and SQLite, each with the same table, as fixtures of the tests of `sql`."""

from __future__ import annotations

import sqlite3
import time

import psycopg
import pytest
from django.db import connection

from executor.sql.lending import pool
from integration_hub.egress.door import Login
from tests.databases import OwnMariaDB, mariadbd
from tests.executor.adapters.calling import answer, value
from tests.needs import need

TABLE = (
    "CREATE TABLE contact (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL UNIQUE, seen INTEGER)"
)
ROWS = "INSERT INTO contact (id, name) VALUES (1, 'Ada'), (2, 'Bob'), (3, 'Cleo')"
SLEEP = {
    "postgresql": "SELECT pg_sleep(20)",
    "mariadb": "SELECT sleep(20)",
    "sqlite": "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) "
    "SELECT count(*) FROM c",
}


class Database:
    """A place with the table `contact`; `kind` is its dialect."""

    def __init__(self, kind, config, login=None) -> None:
        self.kind, self.login = kind, login or Login()
        self.config = {"dialect": kind, "tls": "off", **config}

    def answer(self, statement, parameters=None, *, block=None, **members):
        protocol = {"statement": statement, **(block or {})}
        return answer("sql", self.config, protocol, parameters, login=self.login, **members)

    def value(self, statement, parameters=None, *, block=None, **members):
        protocol = {"statement": statement, **(block or {})}
        return value("sql", self.config, protocol, parameters, login=self.login, **members)

    def write(self, statement, parameters=None, **members):
        return self.value(statement, parameters, block={"mode": "write"}, **members)


@pytest.fixture(scope="session")
def mariadb(authority):
    need(mariadbd() is not None, "MariaDB")
    server = OwnMariaDB(authority)
    yield server.start()
    server.stop()


@pytest.fixture
def sqlite(settings, tmp_path):
    settings.HUB_SQLITE_DIR = tmp_path
    with sqlite3.connect(tmp_path / "crm.sqlite3") as client:
        client.execute(TABLE)
        client.execute(ROWS)
    client.close()
    return Database("sqlite", {"database": "crm.sqlite3"})


@pytest.fixture
def postgresql():
    """A schema of this test's own in the database of the run."""
    at = connection.settings_dict
    name = f"sql_{time.monotonic_ns()}"
    host, port = at["HOST"], int(at["PORT"] or 5432)
    with psycopg.connect(
        host=host, port=port, user=at["USER"], dbname="postgres", autocommit=True
    ) as client:
        client.execute(f"CREATE ROLE {name} LOGIN")
        client.execute(f"CREATE SCHEMA {name} AUTHORIZATION {name}")
        client.execute(f"SET search_path = {name}")
        client.execute(f"SET ROLE {name}")
        client.execute(TABLE)
        client.execute(ROWS)
        yield Database(
            "postgresql",
            {"host": host, "port": port, "database": "postgres"},
            Login(name),
        )
        pool.close()
        client.execute("RESET ROLE")
        client.execute(f"DROP SCHEMA {name} CASCADE")
        client.execute(f"DROP ROLE {name}")


@pytest.fixture
def on_mariadb(mariadb):
    mariadb.run("CREATE DATABASE crm", "USE crm", TABLE, ROWS)
    yield Database(
        "mariadb", {"host": "127.0.0.1", "port": mariadb.port, "database": "crm"}, Login("hub")
    )
    pool.close()
    mariadb.run("DROP DATABASE crm")


@pytest.fixture(
    params=[
        pytest.param("postgresql", marks=pytest.mark.postgres),
        "on_mariadb",
        "sqlite",
    ]
)
def database(request) -> Database:
    return request.getfixturevalue(request.param)
