"""The guard from a clean start, on each store that this run has."""

from __future__ import annotations

import os

import pytest
import redis
from django.conf import settings as django_settings
from django.db import connections

from integration_hub.coordination import guard
from integration_hub.coordination.stores import redis as redis_store
from integration_hub.coordination.stores import wire
from integration_hub.lib.resilience.options import CircuitOptions, LimitOptions

REDIS_URL = django_settings.REDIS_URL


@pytest.fixture
def empty_redis():
    """Redis with nothing of the guard in it."""
    wire.forget()
    client = redis.Redis.from_url(REDIS_URL)
    forget(client)
    yield client
    forget(client)
    client.close()
    wire.forget()


def forget(client):
    for key in client.scan_iter(f"{redis_store.PREFIX}*"):
        client.delete(key)


def forked(work):
    """Run `work()` in a fork with connections of its own; its exit code."""
    connections.close_all()
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 1
    try:
        connections.close_all()
        work()
        connections.close_all()
        code = 0
    finally:
        os._exit(code)


@pytest.fixture(autouse=True)
def guard_that_is_whole(monkeypatch):
    monkeypatch.setattr(guard, "degraded", False)
    monkeypatch.setattr(guard, "fallbacks", 0)
    monkeypatch.setattr(guard._local, "processes", 1)
    guard._local.forget()


@pytest.fixture(
    params=[
        pytest.param("database", marks=pytest.mark.django_db),
        pytest.param("redis", marks=pytest.mark.redis),
    ]
)
def store(request, settings):
    """Runs the test on each store; the database is that of the run."""
    if request.param == "database":
        settings.REDIS_URL = ""
    else:
        request.getfixturevalue("empty_redis")
    return request.param


@pytest.fixture
def admit():
    """`admit(circuit=…, limits=…)`: a permit, with defaults for what a test does not care about."""

    def ask(scope="instance:method", circuit=None, limits=None, slot_seconds=30, probe_seconds=30):
        return guard.admit(
            scope=scope,
            circuit=circuit or CircuitOptions(),
            limits=limits or LimitOptions(),
            slot_seconds=slot_seconds,
            probe_seconds=probe_seconds,
        )

    return ask


@pytest.fixture
def call(admit):
    """One call from admission to its end; returns what it did to the circuit."""

    def run(outcome="success", duration_ms=1.0, **ask):
        return guard.settle(admit(**ask), outcome=outcome, duration_ms=duration_ms)

    return run
