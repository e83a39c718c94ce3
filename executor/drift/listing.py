"""What the API and the admin show of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from executor.drift.proposal import patch_for
from executor.drift.seen import MOST_FIELDS
from executor.models import ResultDrift
from registry.runtime import RuntimeInstance


def of_instance(instance: RuntimeInstance) -> list[dict[str, Any]]:
    """The fields that changed, the latest first, each with a patch where one can be told."""
    rows = ResultDrift.objects.filter(instance_id=instance.id).order_by("-last_at", "field")
    return [_shown(row, instance) for row in rows[:MOST_FIELDS]]


def _shown(row: ResultDrift, instance: RuntimeInstance) -> dict[str, Any]:
    method = instance.methods.get(row.method)
    schema: Mapping[str, Any] | None = method.result_schema if method is not None else None
    return {
        "method": row.method,
        "definition": row.definition_ref,
        "field": row.field,
        "code": row.code,
        "found": row.found,
        "count": row.count,
        "first_at": row.first_at,
        "last_at": row.last_at,
        "patch": patch_for(schema, row.field, row.code, row.found),
    }
