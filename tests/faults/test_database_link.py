"""The network to the database: connections reset, and a line that falls silent (F6)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.faults import figures
from tests.faults.database import own_database
from tests.faults.link import Link
from tests.faults.load import Load, assert_nothing_lost
from tests.faults.rig import Rig, wait_for

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

SILENT = figures.size(30, 12)
RESETS = figures.size(5, 3)
BACK_WITHIN = 15.0
ANSWER_WITHIN = 8.0
"""A silent line is noticed within 3 s of silence, by what is sent or by a probe of the kernel."""


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Rig, Link]]:
    """A hub whose way to its database is a link, and that link."""
    with own_database() as url:
        port = urlsplit(url).port or 5432
        link = Link(port)
        through = url.replace(f":{port}/", f":{link.port}/", 1)
        rig = Rig(tmp_path_factory.mktemp("rig"), through)
        try:
            yield rig.start(), link
        finally:
            rig.stop()
            link.close()


def test_connections_to_the_database_that_are_reset_cost_no_work(line):
    rig, link = line
    broken = 0
    with Load(rig) as load:
        for _ in range(RESETS):
            count = len(load.accepted)
            wait_for("load", lambda at=count: len(load.accepted) > at + 10, seconds=30)
            broken += link.reset()
        back = time.monotonic()
        wait_for("work again", lambda: load.has_accepted_since(back), seconds=BACK_WITHIN)
        took = time.monotonic() - back
    assert broken >= RESETS
    assert_nothing_lost(rig, load, "F6 reset")
    figures.write("F6 reset: connections to the database reset", broken)
    figures.write("F6 reset: seconds until work was accepted again", took)


def test_a_silent_line_to_the_database_blocks_nobody_and_heals(line):
    rig, link = line
    with Load(rig) as load:
        wait_for("load", lambda: len(load.accepted) > 20, seconds=30)
        link.silence()
        gone = time.monotonic()
        while time.monotonic() - gone < SILENT:
            assert rig.call("GET", "/health/liveness", timeout=3)[0] == 200
            time.sleep(0.5)
        ready = rig.call("GET", "/health/readiness", timeout=ANSWER_WITHIN)[0]
        link.heal()
        back = time.monotonic()
        wait_for("work again", lambda: load.has_accepted_since(back), seconds=BACK_WITHIN)
        took = time.monotonic() - back
        wait_for("readiness", rig.is_ready, seconds=60)
    slowest = max(seconds for _, seconds in load.refused)
    assert ready == 503
    assert slowest <= ANSWER_WITHIN
    assert_nothing_lost(rig, load, "F6 black hole")
    figures.write("F6 black hole: seconds of silence", SILENT)
    figures.write("F6 black hole: slowest 503 in s", slowest)
    figures.write("F6 black hole: seconds until work was accepted again", took)
