"""Rows for the home page to show, made at once and as they would be found."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from executor.choices import ExecutionStatus, Mode
from executor.models import Execution
from integration_hub.lib import clock
from integration_hub.lib.ids import floor_id, new_id
from registry import services as registry
from registry.models import Definition, Instance
from tests.executor.delivery.conftest import definition_document


def key_at(moment: datetime) -> UUID:
    """A key that was made at this moment."""
    return UUID(int=floor_id(moment).int | (new_id().int & ((1 << 80) - 1)))


def instance(slug: str, **columns: Any) -> Instance:
    """An instance that shows `columns` as its state and health."""
    if not Definition.objects.exists():
        document = definition_document("http://127.0.0.1:8765")
        registry.create_definition(document=document, actor="tests", publish=True)
    name = columns.pop("name", slug)
    row = registry.create_instance(
        definition="target", slug=slug, name=name, config={}, actor="tests"
    )
    if columns:
        Instance.objects.filter(pk=row.pk).update(**columns)
    return Instance.objects.get(pk=row.pk)


def calls(
    count: int,
    slug: str = "acme",
    method: str = "ping",
    *,
    status: str = ExecutionStatus.COMPLETED,
    ago: timedelta = timedelta(minutes=1),
    step: timedelta = timedelta(0),
    **columns: Any,
) -> list[Execution]:
    """Calls that began `ago`, each `step` before the one made before it."""
    columns.setdefault("duration_ms", 20.0)
    failed = status in (ExecutionStatus.FAILED, ExecutionStatus.OUTCOME_UNKNOWN)
    columns.setdefault("code", "TIMEOUT_ERROR" if failed else "")
    rows = []
    for number in range(count):
        at = clock.now() - ago - step * number
        shared = {
            "id": key_at(at),
            "status": status,
            "mode": Mode.SYNC,
            "instance_id": new_id(),
            "instance_slug": slug,
            "definition_id": new_id(),
            "definition_ref": "target@1.0.0",
            "method": method,
            "caller": "tests",
            "created_at": at,
        }
        rows.append(Execution(**shared | columns))
    return Execution.objects.bulk_create(rows)
