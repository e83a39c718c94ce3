"""What /metrics counted is what the database holds, whoever did the work."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.faults.rig import wait_for

pytestmark = [pytest.mark.faults, pytest.mark.timeout(240)]

SYNC, ASYNC = 24, 24
_SAMPLE = re.compile(r"^(\w+)\{(.*)\} ([0-9.e+]+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def rig(web_only):
    """Two web processes and two worker hosts."""
    for _ in range(2):
        web_only.start_host("--workers", "1", "--threads", "4")
    return web_only


def scraped(rig) -> dict[str, Counter[tuple[str, ...]]]:
    """By metric, the values by method and outcome or status."""
    text = rig.call("GET", "/metrics")[1].decode()
    found: dict[str, Counter[tuple[str, ...]]] = {}
    for name, labels, value in _SAMPLE.findall(text):
        read = dict(re.findall(r'(\w+)="([^"]*)"', labels))
        if read.get("integration") == "target" and "le" not in read:
            key = (read.get("method", ""), read.get("status") or read.get("outcome") or "")
            found.setdefault(name, Counter())[key] += int(float(value))
    return found


def stored(rig, statement: str) -> Counter[tuple[str, ...]]:
    return Counter({tuple(row[:-1]): row[-1] for row in rig.query(statement)})


def test_metrics_equal_the_database_after_a_mixed_load(rig):
    for number in range(SYNC):
        method = ("read", "write", "reset_write")[number % 3]
        rig.execute(method, mode="sync")
        assert rig.execute(method, mode="sync", wrong=True)[0] == 400  # leaves no row
    for key in [rig.accept(("read", "busy_write")[number % 2]) for number in range(ASYNC)]:
        rig.final(key)
    ended = stored(
        rig, "SELECT method, status, count(*) FROM executor_execution GROUP BY method, status"
    )
    tried = stored(
        rig,
        "SELECT e.method, CASE a.code WHEN '' THEN 'success' ELSE lower(a.code) END, count(*)"
        " FROM executor_attempt a JOIN executor_execution e ON e.id = a.execution_id"
        " GROUP BY 1, 2",
    )
    assert sum(ended.values()) == SYNC + ASYNC
    assert len(rig.pids("web")) >= 2
    for _ in range(8):  # whichever web process answers
        seen = wait_for("the last count", lambda: _complete(rig, ended), seconds=10)
        requests = seen["integration_external_request_total"]
        checks = requests[("read", "success")] - tried[("read", "success")]
        assert checks >= 0  # health checks make requests too, and no attempts
        assert requests - Counter({("read", "success"): checks}) == tried
        times = seen["integration_method_execution_time_seconds_count"]
        assert sum(times.values()) == SYNC + ASYNC


def _complete(rig, ended: Counter[tuple[str, ...]]):
    """A scrape, once the counts that follow a commit are in."""
    found = scraped(rig)
    return found if found.get("integration_method_executions_total") == ended else None
