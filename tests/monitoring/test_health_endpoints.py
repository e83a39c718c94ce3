"""The checks run in threads of their own, so these tests commit."""

from __future__ import annotations

import pytest
from django.core.cache import caches

from executor.delivery import life
from integration_hub.coordination import heartbeat
from integration_hub.monitoring.health_checks import Migrations

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def alive():
    for kind in (life.WORKER, life.PACER):
        heartbeat.beat(kind, "tests")


def states(response) -> dict[str, str]:
    return {check["name"]: check["state"] for check in response.json()["checks"]}


def test_liveness_touches_no_database(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = client.get("/health/liveness")
    assert (response.status_code, response.json()) == (200, {"status": "ok", "checks": []})


def test_readiness_is_200_when_all_is_well(client, alive):
    response = client.get("/health/readiness")
    assert response.status_code == 200, response.json()
    assert set(states(response)) == {"database", "migrations", "cache", "task_queue"}


def test_readiness_is_503_without_a_worker(client):
    response = client.get("/health/readiness")
    assert response.status_code == 503
    assert states(response)["task_queue"] == "failed"


def test_readiness_is_503_when_the_cache_is_away(client, alive, monkeypatch):
    def away(*_: object) -> None:
        raise ConnectionError("redis.internal:6379 refused")

    monkeypatch.setattr(type(caches["default"]), "set", away)
    response = client.get("/health/readiness")
    assert response.status_code == 503
    assert "redis.internal" not in response.content.decode()


def test_readiness_is_503_before_migrations_are_applied(client, alive, monkeypatch):
    monkeypatch.setattr(Migrations, "_applied", False)
    monkeypatch.setattr(
        "integration_hub.monitoring.health_checks.MigrationExecutor.migration_plan",
        lambda *_: ["one"],
    )
    assert states(client.get("/health/readiness"))["migrations"] == "failed"


def test_dependencies_have_a_state_and_a_latency_each(client, alive):
    checks = client.get("/health/dependency").json()["checks"]
    assert {"database", "pacer", "event_relay"} <= {check["name"] for check in checks}
    assert all(check["latency_ms"] >= 0 for check in checks)


def test_a_browser_gets_a_page(client, alive):
    response = client.get("/health/readiness", headers={"accept": "text/html"})
    assert response.headers["content-type"].startswith("text/html")
    assert b"All is well" in response.content


@pytest.mark.parametrize("path", ["liveness", "readiness", "dependency"])
def test_nothing_is_cached_and_nothing_can_be_posted(client, alive, path):
    assert "no-store" in client.get(f"/health/{path}").headers["cache-control"]
    assert client.post(f"/health/{path}").status_code == 405
