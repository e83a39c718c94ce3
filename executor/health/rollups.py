"""History in three grains, added to by whoever holds the instance's row."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from executor.health import latency
from executor.health.models import HealthRollup
from executor.health.tally import Grain, Tally, start_of

NUMBERS = ("good", "slow", "failed", "excluded", "calls", "calls_failed")


def add(instance_id: UUID, at: datetime, tally: Tally) -> None:
    """Count it in its minute, hour and day. The caller holds a lock on the instance's row."""
    starts = {grain: start_of(grain, at) for grain in Grain}
    spans = HealthRollup.objects.filter(instance_id=instance_id, at__in=set(starts.values()))
    found = {(row.grain, row.at): row for row in spans}
    rows = []
    for grain, start in starts.items():
        row = found.get((grain.value, start))
        before = tally_of(row) if row is not None else Tally()
        rows.append(_row(instance_id, grain, start, before + tally))
    HealthRollup.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["instance", "grain", "at"],
        update_fields=[*NUMBERS, "latencies"],
    )


def tally_of(row: HealthRollup) -> Tally:
    numbers = {name: getattr(row, name) for name in NUMBERS}
    return Tally(**numbers, latencies=latency.read(row.latencies))


def _row(instance_id: UUID, grain: Grain, at: datetime, tally: Tally) -> HealthRollup:
    numbers = {name: getattr(tally, name) for name in NUMBERS}
    return HealthRollup(
        instance_id=instance_id,
        grain=grain.value,
        at=at,
        latencies=latency.written(tally.latencies),
        **numbers,
    )
