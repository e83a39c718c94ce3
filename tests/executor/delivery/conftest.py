"""An integration whose upstream is the counting server, and rows to deliver."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from executor.choices import ExecutionStatus, Mode
from executor.delivery import node
from executor.delivery.stopping import stop
from executor.models import Execution, Payload
from integration_hub.coordination import dbtime
from integration_hub.lib import clock
from integration_hub.sealing.field import seal
from registry import services as registry
from registry.models import Instance


def definition_document(url: str, **members: Any) -> dict[str, Any]:
    return {
        "slug": "target",
        "name": "Target",
        "version": "1.0.0",
        "type": "http",
        "default_config": {"base_url": url},
        "auth": [{"id": "none", "type": "none"}],
        "health_check": {"method": "ok", "interval_seconds": 60},
        "methods": {
            "ok": {"http": {"method": "GET", "path": "/ok"}},
            "write": {"http": {"method": "POST", "path": "/write"}},
            "slow": {"http": {"method": "GET", "path": "/delay/3"}},
            "down": {"http": {"method": "GET", "path": "/status/503"}},
        },
        **members,
    }


@pytest.fixture
def instance(db: None, upstream: Any) -> Instance:
    registry.create_definition(
        document=definition_document(upstream.url), actor="tests", publish=True
    )
    return registry.create_instance(
        definition="target", slug="target", name="Target", config={}, actor="tests"
    )


@pytest.fixture
def queued(instance: Instance) -> Callable[..., Execution]:
    """`queued("ok", priority="batch")`: an accepted async execution, due now."""

    def make(method: str = "ok", **columns: Any) -> Execution:
        values = {
            "status": ExecutionStatus.QUEUED,
            "mode": Mode.ASYNC,
            "instance_id": instance.pk,
            "instance_slug": instance.slug,
            "definition_id": instance.definition_id,
            "definition_ref": "target@1.0.0",
            "method": method,
            "caller": "command:tests",
            "due_at": dbtime.now() - timedelta(seconds=1),
            "created_at": clock.now(),
            **columns,
        }
        row = Execution.objects.create(**values)
        payload = Payload(id=row.pk)
        payload.sealed_parameters = seal(payload, "sealed_parameters", "{}")
        payload.save(force_insert=True)
        return row

    return make


@pytest.fixture(autouse=True)
def _running_node() -> Iterator[None]:
    before = node.current
    node.current = node.Node(name="tests:1")
    yield
    node.current = before
    stop.requested = False
