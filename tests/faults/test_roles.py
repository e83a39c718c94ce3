"""Each process of the tree is killed, stopped or paused while calls run."""

from __future__ import annotations

import os
import signal
import time

import pytest

from executor.delivery.constants import LEASE_SECONDS
from tests.faults import checker, figures
from tests.faults.processes import descendants, helpers_of, is_gone, kill, parent_of, sentinel_of
from tests.faults.rig import wait_for
from tests.faults.test_worker_kills import busy_worker

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

CALLS = figures.size(50, 20)
ORPHANS_GONE = 30.0
ROLES = {
    "monitor": lambda root: helpers_of(root)[0],
    "pusher": lambda root: helpers_of(root)[1],
    "sentinel": sentinel_of,
    "cluster": lambda root: parent_of(sentinel_of(root)),
}


@pytest.mark.parametrize("role", ROLES if figures.FULL else ["pusher", "sentinel"])
def test_a_killed_helper_of_the_cluster_loses_nothing_and_leaves_no_orphan(rig, role):
    victim = wait_for(role, lambda: _find(rig, role), seconds=30)
    accepted = [rig.accept("second_read") for _ in range(CALLS // 2)]
    below = descendants(victim)
    kill(victim)
    began = time.monotonic()
    accepted += [rig.accept("second_read") for _ in range(CALLS - len(accepted))]
    wait_for("the end of orphans", lambda: all(map(is_gone, below)), seconds=ORPHANS_GONE)
    orphans = time.monotonic() - began
    checker.settled(rig, 120)
    assert checker.assert_whole(rig, accepted) == {"completed": CALLS}
    figures.write(f"F3 {role} killed: seconds until its orphans were gone", orphans)
    figures.write(f"F3 {role} killed: seconds to the last end", time.monotonic() - began)


def _find(rig, role: str) -> int | None:
    try:
        return ROLES[role](rig.hub.pid)
    except (IndexError, ValueError, StopIteration):
        return None


@figures.full_only  # it waits for a lease to end
def test_a_paused_worker_writes_nothing_once_its_lease_has_been_taken(rig):
    key = rig.accept("slow_read")
    pid = wait_for("a busy worker", lambda: busy_worker(rig), seconds=20, every=0.05)
    os.kill(pid, signal.SIGSTOP)
    try:
        done = rig.final(key, seconds=LEASE_SECONDS + 60)
        assert (done["status"], done["attempts"]) == ("completed", 2)
        before = rig.query("SELECT fence, finished_at FROM executor_execution WHERE id = %s", key)
    finally:
        os.kill(pid, signal.SIGCONT)
    wait_for("its refusal", lambda: '"claim_lost"' in rig.log.read_text(), seconds=30)
    after = rig.query("SELECT fence, finished_at FROM executor_execution WHERE id = %s", key)
    assert after == before
    attempts = "SELECT count(*) FROM executor_attempt WHERE execution_id = %s"
    assert rig.query(attempts, key) == [(2,)]
    figures.write("F5 late writes of a paused worker that were kept", float(after != before))


def test_a_signal_to_every_process_at_once_lets_running_calls_finish(rig):
    keys = [rig.accept("slow_write") for _ in range(3)]
    running = "SELECT count(*) FROM executor_execution WHERE status = 'executing' AND sent"
    wait_for("the calls", lambda: rig.query(running) == [(3,)], seconds=20)
    began = time.monotonic()
    for pid in [rig.hub.pid, *descendants(rig.hub.pid)]:
        os.kill(pid, signal.SIGTERM)
    rig.hub.wait(40)
    took = time.monotonic() - began
    assert checker.outcomes(rig, keys) == {"completed": 3}
    assert rig.hub.returncode == 0
    assert took <= 35
    figures.write("Promise 8: seconds to stop after SIGTERM to every process", took)


def test_the_death_of_the_parent_ends_the_whole_tree(rig):
    rig.start_hub()
    key = rig.accept("slow_read")
    wait_for("a busy worker", lambda: busy_worker(rig), seconds=20, every=0.05)
    below = descendants(rig.hub.pid)
    kill(rig.hub.pid)
    began = time.monotonic()
    wait_for("the end of orphans", lambda: all(map(is_gone, below)), seconds=ORPHANS_GONE)
    figures.write("F3 parent killed: seconds until no orphan was left", time.monotonic() - began)
    rig.hub.wait()
    rig.start_hub()
    assert rig.final(key, seconds=LEASE_SECONDS + 30)["status"] == "completed"
    checker.assert_whole(rig, [key])
