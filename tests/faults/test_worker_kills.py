"""Busy workers are killed one after another while executions run."""

from __future__ import annotations

import threading
import time

import pytest

from tests.faults import checker, figures
from tests.faults.processes import kill
from tests.faults.rig import wait_for

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]

EXECUTIONS, KILLS = figures.size(100, 60), figures.size(10, 5)
MANY = figures.size(1000, 100)
PAUSE = figures.size(20, 10) / 10


def busy_worker(rig) -> int | None:
    """The process that holds the most running calls."""
    rows = rig.query(
        "SELECT lease_owner FROM executor_execution WHERE status = 'executing' "
        "AND mode = 'async' AND NOT lease_owner LIKE 'lost:%' "
        "GROUP BY lease_owner ORDER BY count(*) DESC LIMIT 1"
    )
    return int(rows[0][0].rpartition(":")[2]) if rows else None


def kill_busy_workers(rig, times: int, every: float, done: list[int]) -> None:
    for _ in range(times):
        time.sleep(every)
        pid = wait_for("a busy worker", lambda: busy_worker(rig), seconds=60, every=0.05)
        kill(pid)
        done.append(pid)


def accept_slowly(rig, method: str, pause: float) -> str:
    """So that there is work for as long as workers are killed."""
    time.sleep(pause)
    return rig.accept(method)


@pytest.mark.parametrize(
    ("count", "method"),
    [(EXECUTIONS, "second_read"), (MANY, "second_write")],
    ids=["safe", "unsafe"],
)
def test_whatever_worker_dies_nothing_is_lost_and_nothing_doubled(rig, count, method):
    killed: list[int] = []
    killer = threading.Thread(target=kill_busy_workers, args=(rig, KILLS, PAUSE, killed))
    killer.start()
    accepted = [accept_slowly(rig, method, KILLS * PAUSE / count) for _ in range(count)]
    killer.join()
    began = time.monotonic()
    checker.settled(rig, 180)
    took = time.monotonic() - began
    found = checker.assert_whole(rig, accepted)
    assert len(killed) == KILLS
    assert set(found) <= {"completed", "outcome_unknown"}
    if method == "second_read":
        assert found["completed"] == count
    figures.write(f"Promise 3 ({method}): executions", count)
    figures.write(f"Promise 3 ({method}): busy workers killed", len(killed))
    figures.write(f"Promise 3 ({method}): completed", found["completed"])
    figures.write(f"Promise 3 ({method}): outcome_unknown", found["outcome_unknown"])
    figures.write(f"Promise 3 ({method}): unmarked doubles", checker.unmarked_doubles(rig))
    figures.write(f"Promise 3 ({method}): seconds from the last kill to the last end", took)
