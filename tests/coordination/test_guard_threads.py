"""The guard on the database under a crowd: nothing is given out twice, nothing is lost."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from integration_hub.coordination import guard
from integration_hub.lib.errors import HubError
from integration_hub.lib.resilience.options import CircuitOptions, LimitOptions

THREADS = 8
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def on_the_database(settings):
    settings.REDIS_URL = ""


def crowd(work):
    gate = threading.Barrier(THREADS)

    def run(_):
        try:
            gate.wait()
            return [work() for _ in range(5)]
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        found = [item for items in pool.map(run, range(THREADS)) for item in items]
    assert not guard.degraded
    return found


def went(admit, **ask):
    try:
        return admit(**ask)
    except HubError:
        return None


def test_no_more_slots_are_given_out_than_there_are(admit, fake_clock):
    limits = LimitOptions(max_concurrency=3)
    permits = [permit for permit in crowd(lambda: went(admit, limits=limits)) if permit]
    assert len(permits) == 3
    for permit in permits:
        guard.settle(permit, outcome="success", duration_ms=1)
    assert sum(1 for permit in crowd(lambda: went(admit, limits=limits)) if permit) == 3


def test_no_more_tokens_are_given_out_than_there_are(admit, fake_clock):
    limits = LimitOptions(requests=10, per_seconds=1, burst=12)
    assert sum(1 for permit in crowd(lambda: went(admit, limits=limits)) if permit) == 12
    fake_clock.advance(0.5)
    assert sum(1 for permit in crowd(lambda: went(admit, limits=limits)) if permit) == 5


def test_exactly_the_permitted_probes_go(admit, call, fake_clock):
    options = CircuitOptions(min_calls=1, cooldown_ms=10_000, half_open_calls=2)
    call("failure", circuit=options)
    fake_clock.advance(10)
    permits = [permit for permit in crowd(lambda: went(admit, circuit=options)) if permit]
    assert [permit.probe for permit in permits] == [True, True]
    ends = [guard.settle(permit, outcome="success", duration_ms=1) for permit in permits]
    assert ends == [None, "closed"]


def test_every_outcome_of_a_crowd_is_counted_and_one_of_them_opens_it(call, fake_clock):
    options = CircuitOptions(window=100, min_calls=40, failure_rate=1)
    ends = crowd(lambda: call("failure", circuit=options))
    assert sorted(end or "" for end in ends) == [""] * 39 + ["opened"]
