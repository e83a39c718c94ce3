from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from executor.health import checks
from integration_hub.coordination import dbtime
from integration_hub.lib import clock
from registry import services as registry
from registry.models import Instance
from tests.executor.health.system import System


@pytest.fixture
def system() -> Iterator[System]:
    made = System()
    yield made
    made.stop()


@pytest.fixture
def connect() -> Callable[..., Instance]:
    """`connect(url, slug=…, health=False)`: an instance of a system, checked when it is due."""

    def make(url: str, slug: str = "sick", *, health: bool = True, **members: Any) -> Instance:
        document = {
            "slug": slug,
            "name": slug,
            "version": "1.0.0",
            "type": "http",
            "default_config": {"base_url": url},
            "methods": {"ping": {"http": {"method": "GET", "path": "/"}}},
        }
        if health:
            document["health_check"] = {"method": "ping", "slow_ms": 600}
        registry.create_definition(document=document, actor="tests", publish=True)
        return registry.create_instance(
            definition=slug, slug=slug, name=slug, config={}, actor="tests", **members
        )

    return make


@pytest.fixture
def check(fake_clock: clock.FakeClock) -> Callable[..., Instance]:
    """`check(row, times)`: that many checks, a minute apart on the fake clock."""

    def run(row: Instance, times: int = 1) -> Instance:
        for _ in range(times):
            fake_clock.advance(60)
            later = dbtime.now() + timedelta(hours=1)
            Instance.objects.exclude(pk=row.pk).update(check_due_at=later)
            past = dbtime.now() - timedelta(seconds=1)
            Instance.objects.filter(pk=row.pk).update(check_due_at=past)
            assert checks.run_due() == 1
        return Instance.objects.get(pk=row.pk)

    return run
