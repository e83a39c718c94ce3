"""A system is broken, slowed, let expire and healed: states, events, uptime and page are right."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from executor.delivery import purge
from executor.health import silences
from executor.health.models import HealthRollup, HealthStatus
from integration_hub.access.caller import Caller
from integration_hub.events.models import Event
from integration_hub.lib import clock, jsonsafe
from tests.certificates import Authority
from tests.executor.health.system import System

pytestmark = pytest.mark.django_db(transaction=True)


def told() -> list[tuple[str, str]]:
    rows = Event.objects.filter(type="integration.health.changed").order_by("id")
    found = [jsonsafe.loads(row.data) for row in rows]
    return [(data["previous"], data["health"]) for data in found]


def test_broken_slowed_and_healed(system, connect, check, api):
    row = connect(system.url)
    assert check(row, 2).health == "healthy"
    system.status = 500
    broken = check(row, 3)
    assert (broken.health, broken.health_reason[:25]) == ("unhealthy", "3 checks in a row failed,")
    system.status, system.delay = 200, 0.7
    slow = check(row, 4)
    assert slow.health == "degraded"
    assert "over 600 ms is slow" in slow.health_reason
    system.delay = 0.0
    assert check(row, 2).health == "healthy"
    assert told() == [
        ("unknown", "healthy"),
        ("healthy", "unhealthy"),
        ("unhealthy", "degraded"),
        ("degraded", "healthy"),
    ]
    body = api("read").get("/api/v1/instances/sick/health").json()
    assert body["uptime"]["24h"] == round(8 / 11, 6)
    assert body["latency_ms"]["p99"] > 600 > body["latency_ms"]["p50"]
    assert body["checked_by"] == "ping"
    (hour,) = api("read").get("/api/v1/instances/sick/health/history").json()["results"]
    assert (hour["good"], hour["slow"], hour["failed"]) == (4, 4, 3)
    minutes = api("read").get("/api/v1/instances/sick/health/history?grain=minute").json()
    assert len(minutes["results"]) == 11
    assert all(one["at"] > other["at"] for one, other in pairwise(minutes["results"]))


def test_a_flapping_system_is_told_of_a_few_times(system, connect, check):
    row = connect(system.url)
    check(row, 2)
    for _ in range(6):
        system.status = 500
        check(row, 3)
        system.status = 200
        check(row, 2)
    assert told() == [
        ("unknown", "healthy"),
        ("healthy", "unhealthy"),
        ("unhealthy", "healthy"),
        ("healthy", "unhealthy"),
    ]
    row.refresh_from_db()
    assert row.health == "unhealthy"
    assert check(row, 4).health == "healthy"


@pytest.mark.parametrize("health", [True, False])
def test_a_certificate_that_expired_is_told_and_a_new_one_heals(
    tmp_path, connect, check, api, health
):
    authority = Authority(tmp_path)
    system = System(authority.context("127.0.0.1", days=(-1, 40)))
    try:
        with clock.use(clock.SystemClock()):
            row = connect(
                system.url,
                health=health,
                overrides={"tls": {"authorities": authority.pem}},
            )
        assert check(row, 2).health == "healthy"
        body = api("read").get("/api/v1/instances/sick/health").json()
        ends = body["certificate_expires_at"]
        assert ends is not None
        assert str(clock.now().year)[:2] == ends[:2]
        system.context = authority.context("127.0.0.1", days=(-3, -2))
        expired = check(row, 3)
        assert expired.health == "unhealthy"
        assert "certificate" in expired.health_reason
        system.context = authority.context("127.0.0.1", days=(-1, 90))
        assert check(row, 2).health == "healthy"
    finally:
        system.stop()


def test_without_a_health_method_what_cannot_be_reached_is_unhealthy(system, connect, check, api):
    row = connect(system.url, health=False)
    found = check(row, 2)
    assert (found.health, found.state) == ("healthy", "disconnected")
    assert system.requests == 0
    system.stop()
    assert check(row, 3).health == "unhealthy"
    assert api("read").get("/api/v1/instances/sick/health").json()["checked_by"] is None


def test_in_a_maintenance_nobody_is_told_and_uptime_stands(system, connect, check, api, fake_clock):
    row = connect(system.url)
    check(row, 2)
    silences.create_silence(
        caller=Caller.command("tests"),
        kind="maintenance",
        instance="sick",
        ends_at=fake_clock.now() + timedelta(minutes=10),
    )
    system.status = 500
    assert check(row, 4).health == "unhealthy"
    assert told() == [("unknown", "healthy")]
    body = api("read").get("/api/v1/instances/sick/health").json()
    assert body["uptime"]["24h"] == 1.0
    assert [item["kind"] for item in body["quiet"]] == ["maintenance"]
    fake_clock.advance(600)
    check(row)
    assert told()[1:] == [("healthy", "unhealthy")]


def test_what_healed_within_a_silence_is_never_told(system, connect, check, fake_clock):
    row = connect(system.url)
    check(row, 2)
    silences.create_silence(
        caller=Caller.command("tests"),
        kind="silence",
        ends_at=fake_clock.now() + timedelta(minutes=30),
    )
    system.status = 500
    check(row, 3)
    system.status = 200
    check(row, 2)
    fake_clock.advance(1800)
    check(row)
    assert told() == [("unknown", "healthy")]


def test_a_host_that_several_share_is_noticed(system, connect, check, api):
    first, second = connect(system.url), connect(system.url, "also-sick")
    system.status = 500
    check(first, 3)
    check(second, 3)
    host = api("read").get("/api/v1/instances/sick/health").json()["host"]
    assert (host["instances"], host["failing"]) == (2, 2)
    assert host["said"].startswith("All 2 instances of this host fail")
    limited = api("read", instances=("sick",)).get("/api/v1/instances/sick/health").json()
    assert limited["host"]["instances"] == 1


def test_calls_that_fail_beside_a_good_check_count(system, connect, check, api, fake_clock):
    row = connect(system.url)
    check(row, 2)
    fake_clock.advance(1)
    caller = api("execute")
    for _ in range(2):  # the circuit takes five failures to open
        system.status = 500
        for _ in range(3):
            caller.post("/api/v1/instances/sick/methods/ping/execute", {}, format="json")
        system.status = 200
        api("manage").post("/api/v1/instances/sick/circuits/reset", {}, format="json")
    check(row)
    status = HealthStatus.objects.get(pk=row.pk)
    assert (status.slows, status.answers) == (1, 3)
    minute = HealthRollup.objects.filter(grain="minute").latest("at")
    assert (minute.calls, minute.calls_failed, minute.slow) == (6, 6, 1)


def test_history_of_a_year_is_bounded(system, connect, check, fake_clock):
    row = connect(system.url)
    for _ in range(4):
        fake_clock.advance(200 * 86_400)
        check(row)
    purge.purge(now=fake_clock.now())
    kept = HealthRollup.objects.values_list("grain", flat=True).order_by("grain")
    assert list(kept) == ["day", "day", "hour", "minute"]


def test_the_admin_page_tells_the_same(client, alice, system, connect, check):
    row = connect(system.url)
    system.status = 500
    check(row, 3)
    client.force_login(alice)
    page = client.get(f"/admin/executor/execution/health/{row.pk}/").content.decode()
    assert "3 checks in a row failed" in page
    assert "0.00 %" in page
