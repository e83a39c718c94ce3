"""A backlog of one kind of work holds up no other."""

from __future__ import annotations

import time

import pytest

from tests.faults import checker, figures
from tests.faults.rig import wait_for

pytestmark = [pytest.mark.faults, pytest.mark.timeout(200)]

BACKLOG, TRIES = 500, 10


def test_interactive_work_and_health_checks_do_not_wait_for_slow_batch_work(rig):
    for _ in range(BACKLOG):
        rig.accept("slow_read", priority="batch")
    wait_for("a full house", lambda: len(rig.hits("/delay/4")) >= 16, seconds=30)
    checks = "SELECT count(*) FROM executor_healthcheckresult"
    checked = rig.query(checks)[0][0]
    waits = [_seconds_to_start(rig) for _ in range(TRIES)]
    waiting = rig.query("SELECT count(*) FROM executor_execution WHERE status = 'queued'")[0][0]
    assert waiting > BACKLOG / 2, "the backlog was gone before the end of the test"
    assert max(waits) <= 1.0, waits
    asked_at = time.monotonic()
    tested = rig.must("POST", "/instances/target/credentials/test", {}, 200)
    took = time.monotonic() - asked_at
    assert tested["ok"], tested
    assert took <= 5.0
    wait_for("a health check", lambda: rig.query(checks)[0][0] > checked, seconds=15)
    rig.query("DELETE FROM executor_execution WHERE status = 'queued'")
    checker.settled(rig, 30)
    figures.write("Queues: slow batch calls waiting", waiting)
    figures.write("Queues: longest wait of an interactive call in ms", max(waits) * 1000)
    figures.write("Queues: a credential's test, run by a worker, in ms", took * 1000)
    figures.write("Queues: median wait of an interactive call in ms", sorted(waits)[5] * 1000)


def _seconds_to_start(rig) -> float:
    """From the 202 to the call's arrival outside."""
    before = len(rig.hits("/write"))
    accepted_at = time.time()
    rig.accept("write")
    wait_for("the call", lambda: len(rig.hits("/write")) > before, seconds=10, every=0.02)
    return rig.hits("/write")[-1]["at"] - accepted_at
