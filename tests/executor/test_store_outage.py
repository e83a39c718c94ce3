"""Redis stops, hangs and forgets under calls: none fails for it (promises 22, 69)."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from executor import services
from executor.calls import CallOptions
from integration_hub.access.caller import Caller
from integration_hub.coordination import guard
from integration_hub.coordination.stores import wire
from integration_hub.lib import jsonsafe, metrics
from tests.executor.neighbours import p95

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]
THREADS, CALLS = 3, 90
CALLER = Caller.command("tests")
CIRCUITS = "/api/v1/instances/acme/circuits"


@pytest.fixture
def store(own_redis, monkeypatch):
    """A Redis that is whole, and a guard that knows it."""
    monkeypatch.setattr(guard, "degraded", False)
    guard._local.forget()
    wire.forget()
    yield own_redis
    own_redis.go_on()
    guard._came_back(guard._shared())
    wire.forget()


@pytest.fixture
def pool():
    with ThreadPoolExecutor(THREADS) as threads:
        yield threads
        together = threading.Barrier(THREADS)
        list(threads.map(lambda _: (together.wait(), connections.close_all()), range(THREADS)))


def execute(method="ping", **parameters):
    """What came of it, when it began, and its seconds."""
    begun = time.perf_counter()
    reply = services.execute(
        caller=CALLER,
        instance_ref="acme",
        method=method,
        parameters=parameters,
        options=CallOptions(),
    )
    body = jsonsafe.loads(reply.body)
    said = body.get("code") or (body["data"]["json"] if "json" in (body["data"] or {}) else "done")
    return said, time.perf_counter() - begun


def load(pool):
    return list(pool.map(lambda _: execute(), range(CALLS)))


def degraded():
    return metrics.registry.get_sample_value("integration_guard_degraded")


def wait_until_restored():
    end = time.monotonic() + 10
    while guard.degraded and time.monotonic() < end:
        execute()
        time.sleep(0.05)
    assert not guard.degraded
    assert degraded() == 0


@pytest.mark.parametrize("fault", ["stop", "halt"])
def test_calls_go_on_without_it_and_share_limits_again_with_it(acme, store, pool, fault, caplog):
    good = execute()[0]
    load(pool)
    base = load(pool)
    getattr(store, fault)()
    without = load(pool)
    assert degraded() == 1
    assert "guard.degraded" in caplog.text
    added = p95(without) - p95(base)
    slow = sorted((took for _, took in without), reverse=True)[: 2 * THREADS]
    print(f"{fault}: p95 {p95(base) * 1000:.1f} ms, without {p95(without) * 1000:.1f} ms")
    print("slowest", [f"{took * 1000:.0f}" for took in slow])
    assert {said for said, _ in [*base, *without]} == {good}
    assert added <= 0.1
    {"stop": store.start, "halt": store.go_on}[fault]()
    wait_until_restored()
    assert execute("limited")[0] == "done" or execute("limited")[0] == "RATE_LIMIT_EXCEEDED"
    guard._local.forget()
    assert execute("limited")[0] == "RATE_LIMIT_EXCEEDED"  # known to all who share the store


def test_while_it_hangs_one_call_a_second_pays_a_tenth_of_one(acme, store):
    for _ in range(20):
        execute()
    base = sorted(execute()[1] for _ in range(40))[20]
    store.halt()
    execute()
    paid, begun = 0, time.monotonic()
    while time.monotonic() - begun < 3.0:
        _, took = execute()
        if took > base + 0.08:
            paid += 1
            assert took < base + 0.4
    assert guard.degraded
    print(f"{paid} calls in 3 s paid for it")
    assert paid <= 4


@pytest.mark.parametrize(("state", "says"), [("forced_open", "CIRCUIT_OPEN"), ("disabled", None)])
@pytest.mark.parametrize("fault", ["empty", "stop"])
def test_what_an_operator_set_outlives_the_store(api, acme, store, state, says, fault):
    client = api("execute", "manage")
    body = {"scope": "breaks", "state": state, "reason": "maintenance"}
    assert client.post(CIRCUITS, body, format="json").status_code == 200
    getattr(store, fault)()
    said = {execute("breaks")[0] for _ in range(6)}
    assert said == {says or "INTEGRATION_ERROR"}
    assert [row["state"] for row in _shown(client)] == [state]
    if fault == "stop":
        store.start()
        wait_until_restored()
    assert {execute("breaks")[0] for _ in range(6)} == said
    client.post(f"{CIRCUITS}/reset")
    assert [execute("breaks")[0] for _ in range(3)][-1] == "CIRCUIT_OPEN"
    assert execute("breaks")[0] == "CIRCUIT_OPEN"


def _shown(client):
    found = client.get(CIRCUITS).json()["results"]
    return [row for row in found if row["scope"] == "breaks"]


def test_an_emptied_store_costs_nothing_but_what_it_had_counted(acme, store, pool):
    good = execute()[0]
    before = load(pool)
    store.empty()
    after = load(pool)
    assert {said for said, _ in [*before, *after]} == {good}
    assert not guard.degraded
