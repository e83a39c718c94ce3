"""Checks of instances, with real threads and a real upstream: these tests commit."""

from __future__ import annotations

from datetime import timedelta

import pytest

from executor.health import checks as health
from executor.health.models import HealthCheckResult
from executor.models import Execution
from integration_hub.coordination import dbtime, revision
from integration_hub.events.models import Event
from registry import services as registry
from registry.models import Instance
from tests.executor.delivery.conftest import definition_document

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def make_instance(upstream):
    def make(path: str = "/ok", **columns) -> Instance:
        document = definition_document(upstream.url)
        document["methods"]["ok"]["http"]["path"] = path
        registry.create_definition(document=document, actor="tests", publish=True)
        row = registry.create_instance(
            definition="target", slug="target", name="T", config={}, actor="tests"
        )
        make_due(row, **columns)
        return row

    return make


def make_due(row: Instance, **columns) -> None:
    past = dbtime.now() - timedelta(seconds=1)
    Instance.objects.filter(pk=row.pk).update(check_due_at=past, **columns)


def checked(row: Instance, times: int = 1) -> Instance:
    for _ in range(times):
        make_due(row)
        assert health.run_due() == 1
    return Instance.objects.get(pk=row.pk)


def changes() -> list[Event]:
    return list(Event.objects.filter(type="integration.health.changed"))


def test_a_due_instance_is_checked_once_and_its_next_check_planned(make_instance, upstream):
    row = make_instance()
    assert health.run_due() == 1
    assert health.run_due() == 0
    assert [hit["path"] for hit in upstream.hits] == ["/ok"]
    row.refresh_from_db()
    assert row.check_lease_until is None
    assert row.check_due_at > dbtime.now()


def test_two_successes_make_it_healthy_and_say_so_once(make_instance):
    row = checked(make_instance(), times=4)
    assert row.health == "healthy"
    assert len(changes()) == 1


def test_three_failures_make_it_unhealthy_with_the_reason(make_instance):
    row = checked(make_instance("/status/500"), times=3)
    assert row.health == "unhealthy"
    assert "INTEGRATION_ERROR" in row.health_reason
    assert len(changes()) == 1


def test_a_check_makes_a_new_instance_connected(make_instance):
    assert checked(make_instance()).state == "connected"


def test_checks_are_kept_as_history_and_not_as_executions(make_instance):
    checked(make_instance(), times=2)
    assert HealthCheckResult.objects.filter(ok=True).count() == 2
    assert Execution.objects.count() == 0


@pytest.mark.parametrize(
    "columns", [{"enabled": False}, {"state": "pending_authentication"}, {"state": "config_error"}]
)
def test_what_may_not_be_called_is_not_checked(make_instance, upstream, columns):
    make_instance(**columns)
    revision.bump("registry")
    assert health.run_due() == 0
    assert upstream.hits == []


def test_an_instance_that_another_worker_checks_is_left_alone(make_instance):
    make_instance(check_lease_until=dbtime.now() + timedelta(seconds=30))
    assert health.any_due() is False


def test_a_new_instance_is_checked_soon_however_long_its_interval(make_instance):
    row = make_instance()
    later = dbtime.now() + timedelta(hours=1)
    Instance.objects.filter(pk=row.pk).update(check_due_at=later)
    assert not health.any_due()
    Instance.objects.filter(pk=row.pk).update(state_since=dbtime.now() - timedelta(seconds=11))
    assert health.any_due()


def test_a_check_does_not_spoil_an_operators_edit(make_instance):
    row = make_instance()
    assert checked(row).revision == row.revision


def test_the_api_shows_state_uptime_and_the_latest_results(make_instance, api):
    checked(make_instance(), times=2)
    body = api("read").get("/api/v1/instances/target/health").json()
    assert body["health"] == "healthy"
    assert body["uptime"] == {"24h": 1.0, "7d": 1.0, "30d": 1.0, "90d": 1.0}
    assert [result["ok"] for result in body["results"]] == [True, True]


def test_the_api_shows_nothing_of_an_instance_that_the_token_may_not_see(make_instance, api):
    make_instance()
    client = api("read", instances=("other",))
    assert client.get("/api/v1/instances/target/health").status_code == 404
