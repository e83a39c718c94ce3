"""Refusals are answered before their rows are written: a stop in order loses none."""

from __future__ import annotations

import pytest

from tests.faults import figures

pytestmark = [pytest.mark.faults, pytest.mark.timeout(200)]

CALLS = figures.size(500, 100)


def test_what_was_refused_just_before_sigterm_is_in_the_log(web_only):
    rig = web_only
    held = {"scope": "read", "state": "forced_open", "reason": "maintenance"}
    rig.must("POST", "/instances/target/circuits", held, 200)
    answered = []
    for _ in range(CALLS):
        status, body = rig.execute("read", mode="sync")
        assert (status, body["code"]) == (503, "CIRCUIT_OPEN")
        answered.append(body["execution_id"])
    shown = rig.execution(answered[-1])  # from whichever process, at once
    assert shown["status"] == "rejected"
    answered += [rig.execute("read", mode="sync")[1]["execution_id"] for _ in range(20)]
    rig.hub.terminate()
    rig.hub.wait(45)
    rows = rig.query("SELECT id FROM executor_execution WHERE status = 'rejected'")
    assert {str(row[0]) for row in rows} == set(answered)
    events = rig.query("SELECT count(*) FROM events_event WHERE type LIKE '%method.failed'")
    assert events[0][0] == len(answered)
