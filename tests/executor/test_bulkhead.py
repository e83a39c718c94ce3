"""A system that hangs takes its own slots and no more (promise 23)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from tests.executor.neighbours import call, p95, two_instances

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]
THREADS = 4
METHODS = {
    "hang": {
        "http": {"method": "GET", "path": "/hang"},
        "timeout_ms": 1500,
        "rate_limit": {"max_concurrency": 2},
        "circuit_breaker": {"min_calls": 1000, "window": 1000},
    },
    "ok": {"http": {"method": "GET", "path": "/ok"}},
}


@pytest.fixture
def systems(upstream):
    two_instances(METHODS, upstream.url)


def test_calls_of_another_instance_hardly_notice(systems):
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda _: call("b", "ok"), range(20)))
        base = list(pool.map(lambda _: call("b", "ok"), range(100)))
        hanging = [pool.submit(call, "a", "hang") for _ in range(100)]
        beside = list(pool.map(lambda _: call("b", "ok"), range(100)))
        codes = [item.result()[0] for item in hanging]
        together = threading.Barrier(THREADS)
        list(pool.map(lambda _: (together.wait(), connections.close_all()), range(THREADS)))
    print(f"B p95 {p95(base) * 1000:.1f} ms alone, {p95(beside) * 1000:.1f} ms beside")
    assert {code for code, _ in beside} == {"completed"}
    assert codes.count("TIMEOUT_ERROR") == 2
    assert codes.count("CONCURRENCY_LIMIT_EXCEEDED") == 98
    assert p95(beside) <= 2 * p95(base)
