"""Personas, one network seam, a fake clock.

alice is the administrator, bob an operator, charlie a stranger with an account.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.db import connection
from rest_framework.test import APIClient

from executor.api import waiting
from executor.choices import Priority
from executor.credential_tests import running as credential_tests
from executor.delivery import life
from integration_hub.access import services as access
from integration_hub.coordination import heartbeat
from integration_hub.coordination.stores import wire
from integration_hub.lib import clock
from tests.services import OwnRedis
from tests.upstream import Upstream

OPERATOR_RIGHTS = (
    "view_definition",
    "view_instance",
    "change_instance",
    "view_execution",
    "add_execution",
)


PROMISED_TIMEOUT = wire.TIMEOUT_SECONDS
# On a busy machine a Redis that answers late is not one that is away.
wire.TIMEOUT_SECONDS = 5.0


# Collected tests are no garbage: looked through less often, the suite takes a sixth less time.
gc.set_threshold(50_000, 20, 50)

STORED = frozenset({"db", "transactional_db", "django_db_setup", "own_redis"})


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests that need PostgreSQL or Redis run only where the suite runs on them.

    HUB_TESTS=stored leaves out those that touch neither: they have passed on SQLite.
    """
    if os.environ.get("HUB_TESTS") == "stored":
        config.hook.pytest_deselected(items=[item for item in items if not _is_stored(item)])
        items[:] = filter(_is_stored, items)
    on_postgres = "postgresql" in settings.DATABASES["default"]["ENGINE"]
    needs = {"postgres": on_postgres, "redis": bool(settings.REDIS_URL)}
    for item in items:
        for name, there in needs.items():
            if item.get_closest_marker(name) and not there:
                item.add_marker(pytest.mark.skip(reason=f"this run is not on {name}"))


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()


def _is_stored(item: pytest.Item) -> bool:
    """Whether what it shows could differ with the database or with Redis."""
    marked = any(item.get_closest_marker(name) for name in ("django_db", "postgres", "redis"))
    fixtures = getattr(item, "fixturenames", ())
    return marked or not STORED.isdisjoint(fixtures) or "coordination" in item.path.parts


@pytest.fixture
def alice(db: None) -> User:
    """The administrator."""
    return User.objects.create_superuser("alice", "alice@example.com", "alice-password-1")


@pytest.fixture
def bob(db: None) -> User:
    """An operator: runs and configures integrations, sees no credential."""
    user = User.objects.create_user("bob", "bob@example.com", "bob-password-1", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=OPERATOR_RIGHTS))
    return user


@pytest.fixture
def charlie(db: None) -> User:
    """Someone with an account and no rights."""
    return User.objects.create_user("charlie", "charlie@example.com", "charlie-password-1")


@pytest.fixture
def make_token(db: None):
    """`make_token("execute", "read", instances=("a",)) -> raw token`."""

    def make(*scopes: str, instances=(), contexts=(), name: str = "test") -> str:
        _, raw = access.create_token(
            name=name, scopes=scopes, instances=instances, contexts=contexts, actor="tests"
        )
        return raw

    return make


@pytest.fixture
def api(make_token):
    """`api("manage")`: a REST client with a new token of these scopes; `api()` has none."""

    def client(*scopes: str, instances=(), contexts=()) -> APIClient:
        found = APIClient()
        if scopes:
            token = make_token(*scopes, instances=instances, contexts=contexts)
            found.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        return found

    return client


@pytest.fixture(scope="session")
def _upstream_server() -> Iterator[Upstream]:
    server = Upstream().start()
    yield server
    server.stop()


@pytest.fixture
def upstream(_upstream_server: Upstream) -> Upstream:
    """A real external system on loopback that counts what reaches it."""
    _upstream_server.clear()
    return _upstream_server


@pytest.fixture(autouse=True)
def _seats_given_back() -> Iterator[None]:
    """A stream that a test leaves open would take a seat from the tests after it."""
    yield
    assert waiting._waiting == 0, "close the streams that this test opened"


@pytest.fixture
def fake_clock() -> Iterator[clock.FakeClock]:
    with clock.use(clock.FakeClock()) as fake:
        yield fake


class WorkerAtHand(clock.SystemClock):
    """Whoever sleeps lets a worker of this very process run what is waited for."""

    def sleep(self, seconds: float) -> None:
        if not credential_tests.run_due():
            super().sleep(seconds)


@pytest.fixture
def worker_at_hand(db) -> Iterator[None]:
    """A worker that runs the tests of credentials and has shown itself."""
    heartbeat.beat(life.WORKER, f"tests|{Priority.INTERACTIVE.value}")
    with clock.use(WorkerAtHand()):
        yield


@pytest.fixture
def promised_timeout(monkeypatch) -> float:
    """Redis has no more time to answer than in service."""
    monkeypatch.setattr(wire, "TIMEOUT_SECONDS", PROMISED_TIMEOUT)
    wire.forget()
    return PROMISED_TIMEOUT


@pytest.fixture
def own_redis(settings, promised_timeout) -> Iterator[OwnRedis]:
    """A Redis of this test's own, on which the guard works."""
    server = OwnRedis()
    try:
        server.start()
        settings.REDIS_URL = server.url
        yield server
    finally:
        server.stop()


@pytest.fixture
def on_postgres() -> bool:
    return connection.vendor == "postgresql"
