"""A backlog over its rate comes back at the rate: the limit is used, and never exceeded."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults import checker, figures
from tests.faults.database import own_database
from tests.faults.rig import Rig, wait_for
from tests.services import OwnRedis

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

RATE, BURST = figures.size(50, 20), 10
CALLS = figures.size(1000, 200)
LIMITED = {
    "slug": "limited",
    "name": "Limited",
    "version": "1.0.0",
    "type": "http",
    "auth": [{"id": "none", "type": "none"}],
    "rate_limit": {"requests": RATE, "per_seconds": 1, "burst": BURST},
    "methods": {"read": {"http": {"method": "GET", "path": "/contacts/1"}}},
}


@pytest.fixture(scope="module")
def on_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    server = OwnRedis()
    with own_database() as url:
        rig = Rig(tmp_path_factory.mktemp("rig"), url, REDIS_URL=server.url)
        try:
            server.start()
            yield rig.start()
        finally:
            rig.stop()
            server.stop()


def test_parked_calls_use_their_whole_limit_and_no_more(on_redis):
    rig = on_redis
    rig.must("POST", "/definitions", LIMITED, 201)
    rig.must("POST", "/definitions/limited@1.0.0/publish", {}, 200)
    rig.add_instance("limited", "limited@1.0.0")
    before = len(rig.hits("/contacts/1"))
    call = {"instance": "limited", "method": "read", "parameters": {}, "priority": "interactive"}
    rig.must("POST", "/executions/batch", {"calls": [call] * CALLS}, 202)
    wait_for("every call", lambda: len(rig.hits("/contacts/1")) - before >= CALLS, seconds=200)
    times = sorted(hit["at"] for hit in rig.hits("/contacts/1"))[before:]
    used = (CALLS - BURST) / RATE / (times[-1] - times[0])
    excess = max(_most_in(times, span) - RATE * span for span in (0.5, 1.0, 5.0))
    figures.write("Parked calls: use of the limit in %", used * 100)
    figures.write("Parked calls: most over rate x t", excess)
    checker.settled(rig, 30)
    assert excess <= BURST + RATE * 0.1  # what left together may arrive together
    # The beginning and the end of a short run are a good part of it.
    assert used >= (0.95 if figures.FULL else 0.8)


def _most_in(times: list[float], span: float) -> int:
    first, most = 0, 0
    for last, at in enumerate(times):
        while at - times[first] > span:
            first += 1
        most = max(most, last - first + 1)
    return most
