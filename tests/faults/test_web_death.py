"""The web process is killed under load and in the middle of a call."""

from __future__ import annotations

import contextlib
import http.client
import threading
import time

import pytest

from tests.faults import figures
from tests.faults.processes import kill
from tests.faults.rig import FINAL, wait_for

pytestmark = [pytest.mark.faults, pytest.mark.timeout(200)]

POSTS, THREADS, KILLS = figures.size(500, 120), 8, 3


def _killed_web(rig) -> None:
    """Kill every web process at once, and wait until the supervisor's new one answers."""
    for pid in rig.pids("web"):
        kill(pid)
    wait_for("the web's return", rig.is_ready, seconds=30)


def test_what_was_accepted_ends_and_what_was_not_never_ran(rig):
    accepted: list[str] = []
    keys = iter(f"post-{number}" for number in range(POSTS))
    lock = threading.Lock()

    def post_all() -> None:
        while True:
            with lock:
                key = next(keys, None)
            if key is None:
                return
            accepted.append(_post_until_accepted(rig, key))
            time.sleep(0.1)

    threads = [threading.Thread(target=post_all) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for _ in range(KILLS):
        time.sleep(0.4)
        _killed_web(rig)
    for thread in threads:
        thread.join()
    began = time.monotonic()
    wait_for("the end of every execution", lambda: not _open(rig), seconds=60)
    rows = rig.query("SELECT id::text, status FROM executor_execution WHERE method = 'write'")
    known = {
        key for (key,) in rig.query("SELECT execution_id::text FROM executor_idempotencyrecord")
    }
    lost = set(accepted) - {key for key, status in rows if status in FINAL}
    unknown = {key for key, _ in rows} - set(accepted) - known
    doubled = len(rig.hits("/write")) - len(rows)
    assert len(set(accepted)) == POSTS
    assert (lost, unknown, doubled) == (set(), set(), 0)
    figures.write(f"Promise 1: accepted of {POSTS} keys with {KILLS} kills", len(set(accepted)))
    figures.write("Promise 1: accepted and lost", len(lost))
    figures.write("Promise 1: run without being accepted or keyed", len(unknown))
    figures.write("Promise 1: seconds to the last final state", time.monotonic() - began)


@figures.full_only  # it waits for a lease to end
def test_a_sync_write_cut_off_by_a_kill_is_told_as_unknown_and_not_repeated(rig):
    before = len(rig.hits("/delay/4.0"))
    ended = threading.Thread(target=_ignore_loss, args=(rig, "slow_write"))
    ended.start()
    wait_for("the call's first byte", lambda: len(rig.hits("/delay/4.0")) > before, seconds=20)
    began = time.monotonic()
    _killed_web(rig)
    ended.join()
    wait_for("the end of every execution", lambda: not _open(rig), seconds=80)
    rows = rig.query("SELECT status FROM executor_execution WHERE method = 'slow_write'")
    assert rows == [("outcome_unknown",)]
    assert len(rig.hits("/delay/4.0")) == before + 1
    figures.write(
        "F4 sync write of a killed web: seconds to outcome_unknown", time.monotonic() - began
    )


def _post_until_accepted(rig, key: str) -> str:
    """As a careful client does: the same request with the same key until it is answered."""

    def post() -> str | None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            status, body = rig.execute("write", key=key)
            return str(body["execution_id"]) if status == 202 else None
        return None

    return str(wait_for(f"an answer to {key}", post, seconds=60))


def _open(rig) -> int:
    statement = "SELECT count(*) FROM executor_execution WHERE NOT status = ANY(%s)"
    return int(rig.query(statement, sorted(FINAL))[0][0])


def _ignore_loss(rig, method: str) -> None:
    with contextlib.suppress(OSError, http.client.HTTPException):
        rig.execute(method, mode="sync", timeout_ms=10_000)
