"""Workers are killed in the middle of calls, and while they wait for the next task."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.faults import figures
from tests.faults.processes import kill
from tests.faults.rig import wait_for

pytestmark = [pytest.mark.faults, pytest.mark.timeout(200)]


def _busy_worker(rig) -> int:
    """The process that holds the lease of a running call."""
    rows = rig.query("SELECT lease_owner FROM executor_execution WHERE status = 'executing'")
    return int(rows[0][0].rpartition(":")[2])


def test_a_safe_call_whose_worker_is_killed_runs_again_and_completes(rig):
    key = rig.accept("slow_read")
    wait_for("the call's first byte", lambda: rig.hits("/delay/4"), seconds=20)
    began = time.monotonic()
    kill(_busy_worker(rig))
    done = rig.final(key, seconds=80)
    assert done["status"] == "completed"
    assert done["attempts"] == 2
    assert len(rig.hits("/delay/4")) == 2
    figures.write("F1 safe call of a killed worker: seconds to its end", time.monotonic() - began)


def test_an_unsafe_call_whose_worker_is_killed_is_not_sent_again(rig):
    before = len(rig.hits("/delay/4.0"))
    key = rig.accept("slow_write")
    wait_for("the call's first byte", lambda: len(rig.hits("/delay/4.0")) > before, seconds=20)
    began = time.monotonic()
    kill(_busy_worker(rig))
    done = rig.final(key, seconds=80)
    assert done["status"] == "outcome_unknown"
    assert done["error"]["retryable"] is False
    assert len(rig.hits("/delay/4.0")) == before + 1
    figures.write(
        "F1 unsafe call of a killed worker: seconds to outcome_unknown", time.monotonic() - began
    )


def test_a_cluster_whose_next_in_line_worker_is_killed_works_again_by_itself(rig):
    rig.final(rig.accept("read"))
    kill(rig.idle_next_in_line())
    began = time.monotonic()
    key = rig.accept("read")
    done = rig.final(key, seconds=120)
    took = time.monotonic() - began
    assert done["status"] == "completed"
    assert took <= 120
    figures.write("F2 next-in-line worker killed: seconds to the next executed task", took)


def test_nothing_is_left_running(rig):
    rows = rig.query(
        "SELECT count(*) FROM executor_execution WHERE status IN ('queued','executing','retrying')"
    )
    assert rows == [(0,)]
    assert isinstance(rig.folder, Path)
