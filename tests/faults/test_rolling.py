"""Worker hosts come and go, and keys change, while work is queued."""

from __future__ import annotations

import secrets
import time

import pytest

from tests.faults import checker, figures
from tests.faults.rig import wait_for

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

EXECUTIONS = figures.size(300, 150)
QUEUED = figures.size(100, 40)
LONGEST_STOP = 35.0
CALLS = 5  # fewer than threads: none waits for another


def test_work_goes_on_while_worker_hosts_are_restarted_one_by_one(web_only):
    rig = web_only
    hosts = [rig.start_host("--workers", "1"), rig.start_host("--workers", "1")]
    accepted, stops = [], []
    for index in range(2):
        accepted += [rig.accept("second_write") for _ in range(EXECUTIONS // 2)]
        began = time.monotonic()
        hosts[index].terminate()
        assert hosts[index].wait(40) == 0
        stops.append(time.monotonic() - began)
        hosts[index] = rig.start_host("--workers", "1")
    checker.settled(rig, 120)
    assert checker.assert_whole(rig, accepted) == {"completed": EXECUTIONS}
    assert len(rig.hits("/delay/1.0")) == EXECUTIONS
    assert max(stops) <= LONGEST_STOP
    for host in hosts:
        host.terminate()
        assert host.wait(40) == 0
    figures.write("Promise 8 rolling restart: executions", EXECUTIONS)
    figures.write("Promise 8 rolling restart: completed", EXECUTIONS)
    figures.write("Promise 8 rolling restart: doubled calls", checker.unmarked_doubles(rig))
    figures.write("Promise 8 rolling restart: longest stop in seconds", max(stops))


def test_what_was_queued_under_another_secret_key_runs(web_only):
    rig = web_only
    accepted = [rig.accept("read") for _ in range(QUEUED)]
    rig.hub.terminate()
    rig.hub.wait(40)
    rig.env["SECRET_KEY"] = secrets.token_urlsafe(64)  # and no fallback: the worst case
    rig.start_hub(worker=False)
    host = rig.start_host("--workers", "1")
    began = time.monotonic()
    wait_for("an end", lambda: not checker.still_open(rig), seconds=60)
    found = checker.assert_whole(rig, accepted)
    assert found == {"completed": QUEUED}
    host.terminate()
    assert host.wait(40) == 0
    figures.write(f"F23 completed of {QUEUED} queued under another key", found["completed"])
    figures.write("F23 seconds to the last end", time.monotonic() - began)


@figures.full_only
def test_what_is_due_later_starts_in_time_after_a_restart_of_everything(web_only):
    rig = web_only
    due = 15.0
    (moment,) = rig.query("SELECT now() + interval '15 seconds'")[0]
    accepted = [rig.accept("second_read", not_before=moment.isoformat()) for _ in range(CALLS)]
    rig.hub.terminate()
    rig.hub.wait(40)
    rig.start_hub(worker=False)
    host = rig.start_host("--workers", "1")
    checker.settled(rig, due + 60)
    late = max(hit["at"] for hit in rig.hits("/delay/1")) - moment.timestamp()
    early = rig.query(
        "SELECT count(*) FROM executor_execution WHERE id::text = ANY(%s) AND started_at < %s",
        accepted,
        moment,
    )
    assert early == [(0,)]
    assert late <= 1.0
    host.terminate()
    host.wait(40)
    figures.write("not_before after a restart: seconds that the last call was late", late)
