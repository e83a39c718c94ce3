"""Worker hosts whose clocks are five minutes apart from the database's (promise 72, F13)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests import skew
from tests.faults import checker, figures
from tests.faults.processes import descendants, kill

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

PLANNED = figures.size(50, 20)
CALLS = figures.size(40, 16)
DUE_IN = timedelta(seconds=8)
LATE_BY = 10.0


@pytest.fixture
def wrong_hosts(web_only):
    hosts = [
        web_only.start_host("--workers", "1", **skew.environment(apart)) for apart in ("+5m", "-5m")
    ]
    yield web_only
    for host in hosts:  # killed: a queue's waits go by the time of day, so a stop would be late
        for pid in (host.pid, *descendants(host.pid)):
            kill(pid)
        host.wait()


def test_hosts_with_wrong_clocks_run_what_is_due_when_it_is_and_take_nothing_from_each_other(
    wrong_hosts,
):
    rig = wrong_hosts
    due = datetime.now(UTC) + DUE_IN
    planned = [rig.accept("write", not_before=due.isoformat()) for _ in range(PLANNED)]
    slow = [rig.accept("slow_write") for _ in range(CALLS)]
    checker.settled(rig, 120)
    assert checker.assert_whole(rig, planned + slow) == {"completed": PLANNED + CALLS}
    times = [hit["at"] - due.timestamp() for hit in rig.hits("/write")]
    assert len(times) == PLANNED
    assert len(rig.hits("/delay/4.0")) == CALLS
    assert min(times) >= 0
    assert max(times) <= LATE_BY
    # What a host writes of the time of day is the time of all.
    skewed = rig.query(
        "SELECT count(*) FROM executor_execution WHERE finished_at NOT BETWEEN "
        "now() - interval '2 minutes' AND now() + interval '2 seconds'"
    )
    assert skewed == [(0,)]
    figures.write("Promise 72: earliest planned call after its time, in s", min(times))
    figures.write("Promise 72: latest planned call after its time, in s", max(times))
    figures.write("Promise 72: calls taken from a living host", 0)
