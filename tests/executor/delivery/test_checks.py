"""What delivery needs of the database connection is refused where it is not given."""

from __future__ import annotations

import pytest
from django.conf import settings as django_settings

from executor.delivery.checks import check_connections
from integration_hub.coordination.checks import check_redis_url


@pytest.fixture
def database(monkeypatch):
    def change(*, without: tuple[str, ...] = (), **changes):
        options = {"transaction_mode": "IMMEDIATE"} | changes.pop("OPTIONS", {})
        found = {"ENGINE": "x.sqlite3", "CONN_MAX_AGE": 600, "OPTIONS": options, **changes}
        for name in without:
            found.pop(name, None)
            options.pop(name, None)
        monkeypatch.setattr(django_settings, "DATABASES", {"default": found})
        return [message.id for message in check_connections()]

    return change


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"CONN_MAX_AGE": None}, []),
        ({"CONN_MAX_AGE": 0}, ["hub.E123"]),
        ({"without": ("CONN_MAX_AGE",)}, ["hub.E123"]),
        ({"OPTIONS": {"pool": True}}, ["hub.E122"]),
        ({"ATOMIC_REQUESTS": True}, ["hub.E124"]),
        ({"AUTOCOMMIT": False}, ["hub.E125"]),
        ({"OPTIONS": {"isolation_level": 4}}, ["hub.E126"]),
        ({"OPTIONS": {"isolation_level": 2}}, []),
        ({"without": ("transaction_mode",)}, ["hub.E127"]),
        ({"without": ("transaction_mode",), "ENGINE": "x.postgresql"}, []),
    ],
)
def test_a_connection_that_delivery_cannot_trust_is_refused(database, changes, expected):
    assert database(**changes) == expected


def test_the_services_own_settings_pass():
    assert check_connections() == []


def test_a_bad_connection_and_a_bad_redis_address_are_told_apart(database, settings):
    settings.REDIS_URL = "no address"
    assert set(database(CONN_MAX_AGE=0)).isdisjoint(found.id for found in check_redis_url())
