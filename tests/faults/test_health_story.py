"""Systems are broken, slowed, let expire and healed while a hub looks on by its own clock."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.certificates import Authority
from tests.executor.health.system import System
from tests.faults import figures
from tests.faults.rig import Rig, wait_for

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]

EVERY = 10  # seconds; the shortest that a definition may say
SECONDS = 12.0 * EVERY


def _definition(slug: str) -> dict[str, object]:
    return {
        "slug": slug,
        "name": slug,
        "version": "1.0.0",
        "type": "http",
        "auth": [{"id": "none", "type": "none"}],
        "health_check": {"method": "ping", "interval_seconds": EVERY, "slow_ms": 600},
        "methods": {"ping": {"http": {"method": "GET", "path": "/"}}},
    }


@pytest.fixture
def plain() -> Iterator[System]:
    system = System()
    yield system
    system.stop()


@pytest.fixture
def secure(tmp_path) -> Iterator[tuple[System, Authority]]:
    authority = Authority(tmp_path)
    system = System(authority.context("127.0.0.1", days=(-1, 40)))
    yield system, authority
    system.stop()


def _connect(rig: Rig, slug: str, url: str, **members: object) -> None:
    rig.must("POST", "/definitions", _definition(slug), 201)
    rig.must("POST", f"/definitions/{slug}@1.0.0/publish", {}, 200)
    body = {"definition": f"{slug}@1.0.0", "slug": slug, "name": slug, "config": {"base_url": url}}
    rig.must("POST", "/instances", body | members, 201)


def _health(rig: Rig, slug: str) -> dict[str, object]:
    return dict(rig.must("GET", f"/instances/{slug}/health", None, 200))


def _becomes(rig: Rig, wanted: dict[str, str]) -> None:
    def reached() -> bool:
        return all(_health(rig, slug)["health"] == state for slug, state in wanted.items())

    wait_for(f"{wanted}", reached, seconds=SECONDS, every=1.0)


@figures.full_only
def test_broken_slowed_expired_and_healed_on_the_real_clock(rig, plain, secure):
    system, authority = secure
    _connect(rig, "plain", plain.url)
    tls = {"tls": {"authorities": authority.pem}}
    _connect(rig, "secure", system.url, overrides=tls)
    _becomes(rig, {"plain": "healthy", "secure": "healthy"})
    plain.status, system.context = 500, authority.context("127.0.0.1", days=(-3, -2))
    _becomes(rig, {"plain": "unhealthy", "secure": "unhealthy"})
    assert "certificate" in str(_health(rig, "secure")["reason"])
    plain.status, plain.delay = 200, 0.7
    system.context = authority.context("127.0.0.1", days=(-1, 90))
    _becomes(rig, {"plain": "degraded", "secure": "healthy"})
    plain.delay = 0.0
    _becomes(rig, {"plain": "healthy", "secure": "healthy"})
    assert _told(rig, "plain") == ["healthy", "unhealthy", "degraded", "healthy"]
    assert _told(rig, "secure") == ["healthy", "unhealthy", "healthy"]
    uptime = _health(rig, "plain")["uptime"]["24h"]
    assert 0 < uptime < 1
    figures.write("Health on the real clock: events of two systems", 7)


def _told(rig: Rig, slug: str) -> list[str]:
    """What events said of its health, in their order."""
    statement = "SELECT data FROM events_event WHERE type = %s AND subject = %s ORDER BY id"
    rows = rig.query(statement, "integration.health.changed", slug)
    return [json.loads(data)["health"] for (data,) in rows]
