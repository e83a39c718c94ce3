"""What past checks say of an instance."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import reduce
from typing import Any
from uuid import UUID

from django.db.models import F, Q, Sum

from executor.health import latency, rollups
from executor.health.models import HealthCheckResult, HealthRollup
from executor.health.tally import KEPT, Grain, Tally, start_of
from integration_hub.lib import clock

WINDOWS = {
    "24h": (timedelta(hours=24), Grain.HOUR),
    "7d": (timedelta(days=7), Grain.HOUR),
    "30d": (timedelta(days=30), Grain.HOUR),
    "90d": (timedelta(days=90), Grain.DAY),
}
PERCENTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
RESULTS_SHOWN = 50
SPANS_SHOWN = 400


def uptime(instance_id: UUID) -> dict[str, float | None]:
    """By window, the share of checks that were answered, 0 to 1; None where there was no check.

    Maintenance does not count. A window begins with the hour, or the day, that it began in.
    """
    figures: dict[str, Any] = {}
    for name, (window, grain) in WINDOWS.items():
        within = Q(grain=grain.value, at__gte=start_of(grain, clock.now() - window))
        figures[f"up_{name}"] = Sum(F("good") + F("slow"), filter=within)
        figures[f"all_{name}"] = Sum(F("good") + F("slow") + F("failed"), filter=within)
    oldest = start_of(Grain.DAY, clock.now() - WINDOWS["90d"][0])
    rows = HealthRollup.objects.filter(
        instance_id=instance_id, at__gte=oldest, grain__in=[Grain.HOUR.value, Grain.DAY.value]
    )
    sums = rows.aggregate(**figures)
    return {name: _share(sums[f"up_{name}"], sums[f"all_{name}"]) for name in WINDOWS}


def latencies(instance_id: UUID) -> dict[str, float | None]:
    """Percentiles of the answered checks of 24 hours, in milliseconds."""
    since = start_of(Grain.HOUR, clock.now() - WINDOWS["24h"][0])
    rows = _spans(instance_id, Grain.HOUR, since)
    counts = reduce(latency.added, (row.latencies for _, row in rows), latency.NOTHING)
    return {name: latency.percentile(counts, share) for name, share in PERCENTILES.items()}


def spans(instance_id: UUID, grain: Grain) -> list[dict[str, Any]]:
    """Minutes, hours or days that had a check, the newest first, 400 at most."""
    found = _spans(instance_id, grain, clock.now() - KEPT[grain])
    return [_shown(at, tally) for at, tally in found[:SPANS_SHOWN]]


def latest(instance_id: UUID) -> list[dict[str, Any]]:
    """The newest results first."""
    rows = HealthCheckResult.objects.filter(instance_id=instance_id).order_by("-pk")
    return [
        {
            "at": row.at,
            "ok": row.ok,
            "slow": row.slow,
            "maintenance": row.maintenance,
            "code": row.code or None,
            "detail": row.detail or None,
            "duration_ms": row.duration_ms,
        }
        for row in rows[:RESULTS_SHOWN]
    ]


def _spans(instance_id: UUID, grain: Grain, since: datetime) -> list[tuple[datetime, Tally]]:
    rows = HealthRollup.objects.filter(instance_id=instance_id, grain=grain.value, at__gte=since)
    return [(row.at, rollups.tally_of(row)) for row in rows.order_by("-at")[:SPANS_SHOWN]]


def _shown(at: datetime, tally: Tally) -> dict[str, Any]:
    return {
        "at": at,
        "good": tally.good,
        "slow": tally.slow,
        "failed": tally.failed,
        "maintenance": tally.excluded,
        "calls": tally.calls,
        "calls_failed": tally.calls_failed,
        "uptime": tally.uptime,
        "latency_ms": {
            name: latency.percentile(tally.latencies, share) for name, share in PERCENTILES.items()
        },
    }


def _share(part: int | None, whole: int | None) -> float | None:
    return round((part or 0) / whole, 6) if whole else None
