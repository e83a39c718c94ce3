"""Nothing reaches the outside twice unmarked: a killed socket, a doubled package."""

from __future__ import annotations

import time

import pytest

from tests.faults import figures
from tests.faults.rig import wait_for

pytestmark = [pytest.mark.faults, pytest.mark.timeout(120)]

FAULTS, CALLS, COPIES = 10, figures.size(50, 10), 5


def test_an_unsafe_call_whose_socket_dies_after_the_body_is_unknown_and_not_repeated(rig):
    for _ in range(FAULTS // 2):
        status, body = rig.execute("reset_write", mode="sync")
        assert (status, body["code"], body["retryable"]) == (502, "CONNECTION_ERROR", False)
    keys = [rig.accept("reset_write") for _ in range(FAULTS // 2)]
    assert {rig.final(key)["status"] for key in keys} == {"outcome_unknown"}
    rows = rig.query("SELECT status FROM executor_execution WHERE method = 'reset_write'")
    assert rows == [("outcome_unknown",)] * FAULTS
    assert len(rig.hits("/reset")) == FAULTS
    figures.write("Promise 4: faults injected", FAULTS)
    figures.write("Promise 4: duplicate side effects", len(rig.hits("/reset")) - FAULTS)


def test_a_package_delivered_many_times_makes_one_call(rig):
    before = len(rig.hits("/write"))
    keys = [rig.accept("write") for _ in range(CALLS)]
    rig.query(
        "INSERT INTO django_q_ormq (key, payload, lock) "
        "SELECT key, payload, lock FROM django_q_ormq, generate_series(1, %s) "
        "WHERE key = 'hub:interactive'",
        COPIES - 1,
    )
    assert {rig.final(key)["status"] for key in keys} == {"completed"}
    waiting = "SELECT count(*) FROM django_q_ormq WHERE lock < now()"
    began = time.monotonic()
    wait_for("an empty queue", lambda: rig.query(waiting) == [(0,)], seconds=30)
    assert len(rig.hits("/write")) - before == CALLS
    figures.write(
        f"Promise 5: outside calls for {CALLS} executions", len(rig.hits("/write")) - before
    )
    figures.write("Promise 5: seconds until the duplicates were gone", time.monotonic() - began)


def test_an_instance_is_found_healthy_by_the_schedule_alone(rig):
    def health() -> bool:
        found = rig.must("GET", "/instances/target/health", None, 200)
        return found["health"] == "healthy" and found["uptime"]["24h"] == 1.0

    began = time.monotonic()
    wait_for("a healthy instance", health, seconds=60, every=0.5)
    figures.write("Health: seconds until an instance was found healthy", time.monotonic() - began)


def test_a_stop_ends_running_calls_within_the_grace(rig):
    before = len(rig.hits("/delay/4.0"))
    keys = [rig.accept("slow_write") for _ in range(3)]
    wait_for("the calls", lambda: len(rig.hits("/delay/4.0")) == before + 3, seconds=20)
    began = time.monotonic()
    rig.hub.terminate()
    rig.hub.wait(40)
    took = time.monotonic() - began
    statement = "SELECT DISTINCT status FROM executor_execution WHERE id::text = ANY(%s)"
    assert rig.query(statement, keys) == [("completed",)]
    assert rig.hub.returncode == 0
    assert len(rig.hits("/delay/4.0")) == before + 3
    figures.write("Promise 8: seconds to a clean stop with calls running", took)
