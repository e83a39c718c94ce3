"""One system that fails altogether, and one beside it that works (promise 21)."""

from __future__ import annotations

import os
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from executor.models import Execution
from integration_hub.access.caller import Caller
from integration_hub.coordination import behind, guard
from integration_hub.coordination.behind import Behind
from integration_hub.coordination.stores import wire
from tests.executor.neighbours import call, p95, two_instances

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]
THREADS = 4
FULL = os.environ.get("HUB_FAULTS") == "full"
RATE, SECONDS = (100, 10.0) if FULL else (60, 4.0)
CALLER = Caller.command("tests")
METHODS = {
    "breaks": {
        "http": {"method": "GET", "path": "/status/500"},
        "circuit_breaker": {"window": 10, "min_calls": 5, "cooldown_ms": 60_000},
    },
    "ok": {"http": {"method": "GET", "path": "/ok"}},
}


@pytest.fixture
def systems(upstream, own_redis, monkeypatch):
    """`a` fails, `b` works, in a process that answers before it writes."""
    two_instances(METHODS, upstream.url)
    monkeypatch.setattr(behind, "_behind", Behind(allowed=True))
    monkeypatch.setattr(wire, "TIMEOUT_SECONDS", 5.0)  # what is measured is not a busy machine
    monkeypatch.setattr(guard, "degraded", False)
    wire.forget()
    yield
    behind.close()
    wire.forget()


def offer(pool, calls):
    """RATE calls a second for SECONDS, in the order of `calls` again and again."""
    begun, made = time.monotonic(), []
    for number in range(int(RATE * SECONDS)):
        time.sleep(max(0.0, begun + number / RATE - time.monotonic()))
        slug, method = calls[number % len(calls)]
        made.append((slug, pool.submit(call, slug, method)))
    found: dict[str, list[tuple[str, float]]] = {}
    for slug, item in made:
        found.setdefault(slug, []).append(item.result())
    return found, len(made) / (time.monotonic() - begun)


def test_one_that_fails_is_refused_at_once_and_the_other_hardly_notices(systems):
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda _: call("b", "ok"), range(20)))
        list(pool.map(lambda _: call("a", "breaks"), range(20)))
        base, _ = offer(pool, [("b", "ok")])
        both, rate = offer(pool, [("a", "breaks"), ("b", "ok")])
        together = threading.Barrier(THREADS)
        list(pool.map(lambda _: (together.wait(), connections.close_all()), range(THREADS)))
    times = sorted(took * 1000 for _, took in both["a"])
    p50, p99 = times[len(times) // 2], times[int(0.99 * len(times))]
    print(f"{rate:.0f} calls/s; refused in {p50:.2f} ms (p50), {p99:.2f} ms (p99)")
    print(f"B p95 {p95(base['b']) * 1000:.1f} ms alone, {p95(both['b']) * 1000:.1f} ms beside")
    assert {code for code, _ in both["a"]} == {"CIRCUIT_OPEN"}
    assert {code for code, _ in both["b"]} == {"completed"}
    # Milliseconds are the machine's: on one with a core to spare p99 is below 5.
    assert p50 / 1000 <= statistics.median(took for _, took in base["b"]) / 2
    assert p95(both["b"]) <= 2 * p95(base["b"])
    behind.flush()
    refused = Execution.objects.filter(instance_slug="a", status="rejected").count()
    assert refused >= len(both["a"])
