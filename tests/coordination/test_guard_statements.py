"""The statement budget of a warm call: what the guard itself may cost."""

import pytest
import redis
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integration_hub.coordination import guard
from integration_hub.lib.resilience.options import CircuitOptions, LimitOptions


@pytest.fixture
def on_the_database(settings, db):
    settings.REDIS_URL = ""


@pytest.mark.usefixtures("on_the_database")
@pytest.mark.parametrize("window_type", ["count", "time"])
@pytest.mark.parametrize("outcome", ["success", "failure", "ignored"])
def test_on_the_database_the_circuit_costs_one_statement_each(
    admit, call, django_assert_max_num_queries, window_type, outcome
):
    circuit = CircuitOptions(window_type=window_type, window=5, min_calls=500, failure_rate=1)
    for _ in range(6):
        call(circuit=circuit)
    with django_assert_max_num_queries(1):
        permit = admit(circuit=circuit)
    with django_assert_max_num_queries(1):
        guard.settle(permit, outcome=outcome, duration_ms=1)


@pytest.mark.usefixtures("on_the_database")
def test_on_the_database_a_refusal_costs_one_statement(
    admit, call, fake_clock, django_assert_num_queries
):
    circuit = CircuitOptions(min_calls=1)
    call("failure", circuit=circuit)
    with django_assert_num_queries(1), pytest.raises(guard.HubError):
        admit(circuit=circuit)


@pytest.mark.usefixtures("on_the_database")
def test_on_the_database_each_limit_costs_one_statement_more(admit):
    limits = LimitOptions(requests=1000, per_seconds=1, burst=10, max_concurrency=5)
    with CaptureQueriesContext(connection) as ran:
        admit(limits=limits)
    texts = [query["sql"] for query in ran.captured_queries]
    assert len([text for text in texts if "SAVEPOINT" not in text]) == 3


@pytest.mark.usefixtures("on_the_database")
def test_calls_that_overlap_all_count(admit, call):
    circuit = CircuitOptions(window=10, min_calls=4, failure_rate=1)
    permits = [admit(circuit=circuit) for _ in range(4)]
    ends = [guard.settle(permit, outcome="failure", duration_ms=1) for permit in permits]
    assert ends == [None, None, None, "opened"]


def test_on_redis_it_is_one_round_trip_each_and_no_statement(
    admit, own_redis, django_assert_num_queries, db
):
    limits = LimitOptions(requests=1000, per_seconds=1, burst=10, max_concurrency=5)
    guard.settle(admit(limits=limits), outcome="success", duration_ms=1)
    with redis.Redis.from_url(own_redis.url) as client:
        before = commands(client)
        with django_assert_num_queries(0):
            guard.settle(admit(limits=limits), outcome="success", duration_ms=1)
        after = commands(client)
    assert after["cmdstat_evalsha"] - before["cmdstat_evalsha"] == 2
    assert after.get("cmdstat_eval", 0) == before.get("cmdstat_eval", 0)


def commands(client):
    return {name: stat["calls"] for name, stat in client.info("commandstats").items()}
