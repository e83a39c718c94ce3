"""A service in production mode does not start unsafe."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from integration_hub.api.checks import check_production, refuse_unsafe_start

GOOD = "x8Jq-2LmVt0ZpWc5RnYb7KdGf3HsQa9UeTi1OoPlMkNjBhVgCf"


@pytest.fixture
def production(settings):
    settings.HUB_PRODUCTION = True
    settings.DEBUG = False
    settings.HUB_PUBLIC_URL = "https://hub.example"
    settings.ALLOWED_HOSTS = ["hub.example"]
    settings.SECRET_KEY = GOOD
    return settings


def found():
    return [message.id for message in check_production()]


def test_a_good_configuration_is_quiet(production):
    assert found() == []


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("SECRET_KEY", "", "hub.E012"),
        ("SECRET_KEY", GOOD[:49], "hub.E013"),
        ("SECRET_KEY", "django-insecure-" + GOOD, "hub.E013"),
        ("SECRET_KEY", "a" * 80, "hub.E013"),
        ("ALLOWED_HOSTS", [], "hub.E014"),
        ("ALLOWED_HOSTS", ["*"], "hub.W014"),
        ("DEBUG", True, "hub.E010"),
        ("HUB_API_RATE", "lots", "hub.E011"),
        ("HUB_CONNECT_RATE", "lots", "hub.E011"),
        ("HUB_PUBLIC_URL", "hub.example", "hub.E015"),
        ("HUB_PUBLIC_URL", "ftp://hub.example", "hub.E015"),
        ("HUB_PUBLIC_URL", "https://", "hub.E015"),
        ("HUB_PUBLIC_URL", "https://[::", "hub.E015"),
    ],
)
def test_each_unsafe_setting_is_named_with_a_remedy(production, name, value, expected):
    setattr(production, name, value)
    messages = check_production()
    assert [message.id for message in messages] == [expected]
    assert messages[0].hint


def test_the_start_is_refused_and_every_fault_named_at_once(production):
    production.SECRET_KEY, production.ALLOWED_HOSTS = "short", []
    with pytest.raises(ImproperlyConfigured, match=r"(?s)hub.E013.*hub.E014"):
        refuse_unsafe_start()
    assert "short" not in str(check_production()[0])


def test_in_development_only_what_is_always_wrong_counts(settings):
    settings.HUB_PRODUCTION, settings.SECRET_KEY = False, "short"
    assert found() == []
    refuse_unsafe_start()
    settings.SECRET_KEY = ""
    assert found() == ["hub.E012"]
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY is not set"):
        refuse_unsafe_start()
