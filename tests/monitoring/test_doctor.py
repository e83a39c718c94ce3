from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.management import call_command

from executor.delivery import life
from executor.models import Execution
from integration_hub.audit import sealer
from integration_hub.audit.services import record
from integration_hub.coordination import dbtime, heartbeat
from integration_hub.events.models import EventSink
from integration_hub.monitoring import findings
from integration_hub.monitoring.findings import safety, service
from integration_hub.sealing.field import seal

pytestmark = pytest.mark.django_db


@pytest.fixture
def alive():
    for kind in (life.WORKER, life.PACER, life.WATCHDOG):
        heartbeat.beat(kind, "tests|interactive|batch|health|events")


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
    (found,) = service.clocks()
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
        ("FERNET_KEYS", [], safety.keys),
        ("HUB_OUTBOUND_ALLOW", ["10.0.0.0/99"], safety.outbound),
        ("HUB_OUTBOUND_PROXY", "proxy:3128", safety.outbound),
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
    found = next(service.broker())
    assert (found.subject, found.state) == ("cache", "fail")
    assert "REDIS_URL" in found.remedy


def test_every_queue_is_told_of_and_one_that_nobody_serves_fails(waiting):
    heartbeat.beat(life.WORKER, "host:1|interactive|health|events")
    found = {finding.detail.split(":")[0]: finding for finding in service.queues()}
    assert set(found) == {"interactive", "batch", "health", "events"}
    assert found["interactive"].state == "ok"
    assert found["batch"].state == "fail"
    assert "2 due" in found["batch"].detail
    assert "--queue batch" in found["batch"].remedy


def test_a_queue_whose_work_waits_too_long_is_a_warning(waiting):
    heartbeat.beat(life.WORKER, "host:1|interactive|batch|health|events")
    Execution.objects.update(due_at=dbtime.now() - timedelta(minutes=5))
    found = {finding.detail.split(":")[0]: finding for finding in service.queues()}
    assert (found["batch"].state, found["interactive"].state) == ("warn", "ok")


def test_the_outbound_proxy_is_shown_without_its_password(settings):
    settings.HUB_OUTBOUND_PROXY = "http://hub:canary-5e1f@proxy.internal:3128"
    found = next(safety.outbound())
    assert "proxy.internal:3128" in found.detail
    assert "canary" not in found.detail


def test_one_look_alone_serves_as_a_health_check(alive, settings, capsys):
    settings.FERNET_KEYS = []
    call_command("doctor", "--json", "--only", "workers")
    body = json.loads(capsys.readouterr().out)
    assert {finding["subject"] for finding in body["findings"]} == {"workers"}


def test_a_key_that_rows_use_and_nobody_has_fails(settings):
    sink = EventSink(name="first", type="log")
    sink.secret = seal(sink, "secret", "text")
    sink.save()
    old = settings.FERNET_KEYS
    settings.FERNET_KEYS = ["another-key-q1w2e3r4t5y6u7i8o9p0a1s2d3", *old]
    assert [found.state for found in findings.examine(only=["keys"])] == ["ok", "warn"]
    settings.FERNET_KEYS = settings.FERNET_KEYS[:1]
    lost = list(findings.examine(only=["keys"]))[-1]
    assert lost.state == "fail"
    assert "events.EventSink (1)" in lost.detail
    EventSink.objects.filter(pk=sink.pk).delete()
    settings.FERNET_KEYS = [*settings.FERNET_KEYS, *old]
    assert "safe to retire" in list(findings.examine(only=["keys"]))[-1].detail


def test_audit_rows_that_nobody_chains_are_told(fake_clock):
    record(actor="user:1", action="thing.changed", target_type="thing", target="a")
    fake_clock.advance(safety.AUDIT_LATE_SECONDS + 1)
    (found,) = safety.audit()
    assert (found.state, found.detail) == ("warn", "1 rows are not chained after 60 s.")
    sealer.keep_chained()
    (found,) = safety.audit()
    assert found.state == "ok"
