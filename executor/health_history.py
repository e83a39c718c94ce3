"""What past checks say of an instance."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Q

from executor.models import HealthCheckResult
from integration_hub.lib import clock
from integration_hub.lib.ids import floor_id

WINDOWS = {
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
}
RESULTS_SHOWN = 50


def uptime(instance_id: UUID) -> dict[str, float | None]:
    """By window, the share of checks that succeeded, 0 to 1; None where there was no check."""
    now, figures = clock.now(), {}
    for name, window in WINDOWS.items():
        since = floor_id(now - window)
        figures[f"all_{name}"] = Count("pk", filter=Q(pk__gte=since))
        figures[f"ok_{name}"] = Count("pk", filter=Q(pk__gte=since, ok=True))
    longest = floor_id(now - max(WINDOWS.values()))
    checks = HealthCheckResult.objects.filter(instance_id=instance_id, pk__gte=longest)
    counts = checks.aggregate(**figures)
    return {name: _share(counts[f"ok_{name}"], counts[f"all_{name}"]) for name in WINDOWS}


def latest(instance_id: UUID) -> list[dict[str, Any]]:
    """The newest results first."""
    rows = HealthCheckResult.objects.filter(instance_id=instance_id).order_by("-pk")
    return [
        {
            "at": row.at,
            "ok": row.ok,
            "code": row.code or None,
            "detail": row.detail or None,
            "duration_ms": row.duration_ms,
        }
        for row in rows[:RESULTS_SHOWN]
    ]


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None
