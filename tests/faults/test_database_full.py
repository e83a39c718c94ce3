"""The database has no connection left for the hub, or a stranger locks its tables, under load."""

from __future__ import annotations

import time

import psycopg
import pytest

from tests.faults import checker, figures
from tests.faults.database import Server
from tests.faults.load import Load, assert_nothing_lost
from tests.faults.rig import Rig, wait_for

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

FULL_FOR = figures.size(20, 8)
LOCKED_FOR = figures.size(30, 12)
BACK_WITHIN, ANSWER_WITHIN = 15.0, 8.0


@pytest.fixture(scope="module")
def limited(server: Server, tmp_path_factory):
    """A hub whose role may be refused connections; superusers never are."""
    _administer(server, "CREATE ROLE limited LOGIN", "CREATE DATABASE limited OWNER limited")
    url = f"postgres://limited@127.0.0.1:{server.port}/limited"
    rig = Rig(tmp_path_factory.mktemp("rig"), url)
    try:
        yield rig.start()
    finally:
        rig.stop()


def test_a_database_that_takes_no_more_connections_costs_no_work(limited, server):
    rig = limited
    waiting = [rig.accept("second_read") for _ in range(40)]
    with Load(rig) as load:
        wait_for("load", lambda: len(load.accepted) > 20, seconds=30)
        _administer(
            server,
            "ALTER ROLE limited CONNECTION LIMIT 1",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'limited'",
        )
        time.sleep(FULL_FOR)
        assert rig.call("GET", "/health/liveness", timeout=2)[0] == 200
        _administer(server, "ALTER ROLE limited CONNECTION LIMIT -1")
        back = time.monotonic()
        wait_for("work again", lambda: load.has_accepted_since(back), seconds=BACK_WITHIN)
        took = time.monotonic() - back
        time.sleep(1)
    assert_nothing_lost(rig, load, "F7 database full")
    assert checker.outcomes(rig, waiting) == {"completed": len(waiting)}
    figures.write("F7 database full: seconds that it lasted", FULL_FOR)
    figures.write("F7 database full: seconds until work was accepted again", took)


def test_a_lock_that_a_stranger_forgot_blocks_nobody_for_long(limited, server):
    rig = limited
    with Load(rig) as load:
        wait_for("load", lambda: len(load.accepted) > 20, seconds=30)
        with psycopg.connect(_superuser_url(server, "limited")) as link:
            link.execute("LOCK TABLE executor_execution IN ACCESS EXCLUSIVE MODE")
            locked = time.monotonic()
            while time.monotonic() - locked < LOCKED_FOR:
                assert rig.call("GET", "/health/liveness", timeout=2)[0] == 200
                time.sleep(0.5)
        back = time.monotonic()
        wait_for("work again", lambda: load.has_accepted_since(back), seconds=BACK_WITHIN)
        took = time.monotonic() - back
        time.sleep(1)
    assert load.refused, "nothing was refused while the table was locked"
    slowest = max(seconds for _, seconds in load.refused)
    assert_nothing_lost(rig, load, "F7 table locked")
    assert slowest <= ANSWER_WITHIN
    figures.write("F7 table locked: slowest 503 in ms", slowest * 1000)
    figures.write("F7 table locked: seconds until work was accepted again", took)


def _administer(server: Server, *statements: str) -> None:
    with psycopg.connect(_superuser_url(server, "hub"), autocommit=True) as link:
        for statement in statements:
            link.execute(statement.encode())


def _superuser_url(server: Server, database: str) -> str:
    return f"postgresql://hub@127.0.0.1:{server.port}/{database}"
