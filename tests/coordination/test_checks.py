import pytest
from django.conf import settings as django_settings
from django.core import checks

from integration_hub.coordination import checks as hub_checks
from integration_hub.coordination.checks import check_cache, check_queue, check_redis_url

SAFE = {
    "orm": "default",
    "workers": 1,
    "timeout": 420,
    "retry": 480,
    "max_attempts": 1,
    "ack_failures": True,
    "bulk": 1,
    "queue_limit": 1,
    "guard_cycle": 1,
}
LOCMEM = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}


@pytest.fixture
def database(monkeypatch):
    """`database("sqlite")`: the checks believe that this run is on it."""

    def choose(vendor):
        monkeypatch.setattr(hub_checks, "_on_sqlite", lambda: vendor == "sqlite")

    return choose


def found(settings, **changes):
    settings.Q_CLUSTER = {k: v for k, v in (SAFE | changes).items() if v != "absent"}
    return [message.id for message in check_queue()]


def test_the_projects_own_settings_are_safe():
    assert "Q_CLUSTER" in dir(django_settings)
    assert check_queue() == []


def test_the_checks_are_registered():
    registered = checks.registry.registry.get_checks()
    assert {check_queue, check_cache} <= set(registered)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"guard_cycle": 0.5}, []),
        ({"retry": 420}, ["hub.E101"]),
        ({"retry": "absent"}, ["hub.E101"]),
        ({"guard_cycle": 2}, ["hub.E102"]),
        ({"guard_cycle": 0.7}, ["hub.E102"]),
        ({"ack_failures": False}, ["hub.E103"]),
        ({"ack_failures": "absent"}, ["hub.E103"]),
        ({"max_attempts": 0}, ["hub.E104"]),
        ({"max_attempts": "absent"}, ["hub.E104"]),
        ({"bulk": 5}, ["hub.E105"]),
        ({"timeout": 420.5}, ["hub.E106"]),
        ({"timeout": None}, ["hub.E106"]),
        ({"timeout": True}, ["hub.E106"]),
        ({"queue_limit": 2}, ["hub.E107"]),
        ({"queue_limit": "absent"}, ["hub.E107"]),
        ({"redis": "redis://x"}, ["hub.E108"]),
        ({"orm": "absent"}, ["hub.E108"]),
        ({"broker_class": "django_q.brokers.orm.ORM"}, []),
        ({"broker_class": "django_q.brokers.redis_broker.Redis"}, ["hub.E108"]),
        ({"broker_class": "no.such.Broker"}, ["hub.E108"]),
        ({"timeout": 300}, ["hub.E110"]),
        ({"timeout": 329}, ["hub.E110"]),
        ({"timeout": 330}, []),
        ({"sync": True}, ["hub.E111"]),
        ({"scheduler": False}, ["hub.E112"]),
        ({"max_rss": 100_000}, ["hub.E113"]),
        ({"timeout": 10, "retry": 5, "bulk": 2}, ["hub.E101", "hub.E110", "hub.E105"]),
    ],
)
def test_each_unsafe_setting_is_refused_by_its_own_check(settings, changes, expected):
    assert found(settings, **changes) == expected


def test_more_than_one_worker_process_is_refused_on_sqlite_only(settings, database):
    database("sqlite")
    assert found(settings, workers=2) == ["hub.E109"]
    database("postgresql")
    assert found(settings, workers=2, queue_limit=2) == []


def test_every_refusal_says_what_to_do_about_it(settings, database):
    database("sqlite")
    settings.Q_CLUSTER = {}
    messages = check_queue()
    assert messages
    assert all(message.hint for message in messages)


def test_local_memory_is_warned_about_only_where_a_limit_is_counted_in_it(settings, database):
    database("postgresql")
    settings.CACHES, settings.HUB_API_RATE = LOCMEM, "10/s"
    assert [message.id for message in check_cache()] == ["hub.W120"]
    settings.HUB_API_RATE = ""
    assert check_cache() == []
    settings.HUB_API_RATE = "10/s"
    database("sqlite")  # one worker process, but two of the web
    assert [message.id for message in check_cache()] == ["hub.W120"]


@pytest.mark.parametrize(
    ("url", "ids"),
    [
        ("", []),
        ("redis://127.0.0.1:6379/0", []),
        ("rediss://cache.example:6380/1", []),
        ("unix:///run/redis.sock", []),
        ("127.0.0.1:6379", ["hub.E121"]),
        ("http://cache.example", ["hub.E121"]),
    ],
)
def test_redis_is_named_by_a_url_that_opens(settings, url, ids):
    settings.REDIS_URL = url
    assert [message.id for message in check_redis_url()] == ids
