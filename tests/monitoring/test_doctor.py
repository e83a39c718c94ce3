from __future__ import annotations

import json

import pytest
from django.core.management import call_command

from executor.delivery import life
from integration_hub.coordination import heartbeat
from integration_hub.monitoring import findings

pytestmark = pytest.mark.django_db


@pytest.fixture
def alive():
    for kind in (life.WORKER, life.PACER, life.WATCHDOG):
        heartbeat.beat(kind, "tests")


def test_a_healthy_hub_passes(alive, capsys):
    call_command("doctor", "--json")
    body = json.loads(capsys.readouterr().out)
    assert body["status"] in {"ok", "warn"}
    subjects = {finding["subject"] for finding in body["findings"]}
    assert {"database", "migrations", "broker", "workers", "keys", "clock", "limits"} <= subjects


def test_a_hub_without_workers_fails_and_says_what_to_start(capsys):
    with pytest.raises(SystemExit) as ended:
        call_command("doctor")
    assert ended.value.code == 1
    assert "runworker" in capsys.readouterr().out


def test_a_clock_that_is_off_is_told(alive, fake_clock):
    (found,) = findings.clocks()
    assert found.state == "fail"
    assert "NTP" in found.remedy


def test_no_key_and_no_address_with_a_password_is_printed(alive, settings, capsys):
    call_command("doctor", "--json")
    out = capsys.readouterr().out
    assert settings.FERNET_KEYS[0] not in out
    assert settings.SECRET_KEY not in out


@pytest.mark.parametrize(
    ("name", "value", "look"),
    [
        ("FERNET_KEYS", [], findings.keys),
        ("HUB_OUTBOUND_ALLOW", ["10.0.0.0/99"], findings.outbound),
    ],
)
def test_a_setting_that_cannot_be_used_is_a_finding_with_a_remedy(settings, name, value, look):
    setattr(settings, name, value)
    (found,) = look()
    assert found.state == "fail"
    assert name in found.detail
    assert found.remedy


def test_a_cache_that_is_away_says_what_to_check(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    backend = "django.core.cache.backends.redis.RedisCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": settings.REDIS_URL}}
    found = next(findings.broker())
    assert (found.subject, found.state) == ("cache", "fail")
    assert "REDIS_URL" in found.remedy
