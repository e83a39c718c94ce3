"""Calls that end their worker, among good ones."""

from __future__ import annotations

import time

import pytest

from tests.faults import checker, figures

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

GOOD = 50
WAYS = ("kill", "exit", "memory")
DEADLY = {
    "slug": "deadly",
    "name": "Deadly",
    "version": "1.0.0",
    "type": "deadly",
    "auth": [{"id": "none", "type": "none"}],
    "circuit_breaker": {"min_calls": 1000, "window": 1000},
    "methods": {way: {"deadly": {"method": "GET", "path": f"/die/{way}"}} for way in WAYS},
}


def test_calls_that_end_their_worker_are_given_up_and_the_others_are_done(deadly_rig):
    rig = deadly_rig
    rig.must("POST", "/definitions", DEADLY, 201)
    rig.must("POST", "/definitions/deadly@1.0.0/publish", {}, 200)
    rig.add_instance("deadly", "deadly@1.0.0")
    good = [rig.accept("second_read") for _ in range(GOOD // 2)]
    poison = [rig.accept(way, instance="deadly") for way in WAYS]
    good += [rig.accept("second_read") for _ in range(GOOD - len(good))]
    began = time.monotonic()
    checker.settled(rig, 240)
    took = time.monotonic() - began
    starts = {way: len(rig.hits(f"/die/{way}")) for way in WAYS}
    ends = [rig.execution(key) for key in poison]
    assert checker.outcomes(rig, good) == {"completed": GOOD}
    assert [(end["status"], end["error"]["code"]) for end in ends] == [("failed", "POISON")] * 3
    assert max(starts.values()) <= 3, starts
    blamed = rig.query(
        "SELECT count(*) FROM executor_execution WHERE method = 'second_read' AND deaths > 0"
    )
    assert blamed == [(0,)]
    checker.assert_whole(rig, good)
    figures.write("Promise 7: good calls done of 50", checker.outcomes(rig, good)["completed"])
    figures.write("Promise 7: most starts of one poison", max(starts.values()))
    figures.write(
        "Promise 7: failed with POISON of 3", sum(e["error"]["code"] == "POISON" for e in ends)
    )
    figures.write("Promise 7: seconds until all had ended", took)
