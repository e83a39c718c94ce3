"""The database restarts, crashes and stays away, under load."""

from __future__ import annotations

import contextlib
import time

import psycopg
import pytest

from tests.faults import figures
from tests.faults.load import Load, assert_nothing_lost
from tests.faults.rig import wait_for

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

AWAY = figures.size(20, 8)
BACK_WITHIN, ANSWER_WITHIN = 15.0, 3.5


def _answers(rig) -> bool:
    with contextlib.suppress(psycopg.Error):
        return bool(rig.query("SELECT 1"))
    return False


@pytest.mark.parametrize("mode", ["fast", "immediate"] if figures.FULL else ["immediate"])
def test_a_restart_of_the_database_costs_seconds_and_no_work(rig_on_server, server, mode):
    rig = rig_on_server
    with Load(rig) as load:
        wait_for("load", lambda: len(load.accepted) > 20, seconds=30)
        server.stop(mode)
        server.start()
        back = time.monotonic()
        wait_for("work again", lambda: load.has_accepted_since(back), seconds=BACK_WITHIN)
        took = time.monotonic() - back
        time.sleep(1)
    assert_nothing_lost(rig, load, f"F6 {mode} restart")
    figures.write(f"F6 {mode} restart: seconds until work was accepted again", took)


def test_while_the_database_is_away_the_hub_says_so_and_comes_back_by_itself(rig_on_server, server):
    rig = rig_on_server
    with Load(rig) as load:
        wait_for("load", lambda: len(load.accepted) > 20, seconds=30)
        server.stop("fast")
        gone = time.monotonic()
        while time.monotonic() - gone < AWAY:
            assert rig.call("GET", "/health/liveness", timeout=2)[0] == 200
            time.sleep(0.5)
        ready = rig.call("GET", "/health/readiness", timeout=8)[0]
        accepted_while_away = load.has_accepted_since(gone + 1)
        server.start()
        back = time.monotonic()
        wait_for("work again", lambda: load.has_accepted_since(back), seconds=BACK_WITHIN)
        took = time.monotonic() - back
        wait_for("readiness", rig.is_ready, seconds=60)
    slowest = max(seconds for _, seconds in load.refused)
    assert (ready, accepted_while_away) == (503, False)
    assert slowest <= ANSWER_WITHIN
    assert_nothing_lost(rig, load, "Promise 68")
    figures.write("Promise 68: seconds that the database was away", AWAY)
    figures.write("Promise 68: slowest 503 in ms", slowest * 1000)
    figures.write("Promise 68: seconds until work was accepted again", took)
