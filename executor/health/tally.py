"""What is counted of one instance in one span of time, and the spans it is kept for."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum

from executor.health import latency
from executor.health.state import Verdict


class Grain(StrEnum):
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"


KEPT = {
    Grain.MINUTE: timedelta(days=2),
    Grain.HOUR: timedelta(days=35),
    Grain.DAY: timedelta(days=366),
}
"""At most 2,880 + 840 + 366 rows an instance, however often it is checked."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Checks by verdict, those in maintenance apart, and calls of others in the same time."""

    good: int = 0
    slow: int = 0
    failed: int = 0
    excluded: int = 0
    calls: int = 0
    calls_failed: int = 0
    latencies: latency.Counts = latency.NOTHING

    def __add__(self, other: Tally) -> Tally:
        numbers = {
            item.name: getattr(self, item.name) + getattr(other, item.name)
            for item in fields(self)
            if item.name != "latencies"
        }
        return Tally(**numbers, latencies=latency.added(self.latencies, other.latencies))

    @property
    def uptime(self) -> float | None:
        """The share of checks that were answered, slow ones too; None where there was none."""
        checks = self.good + self.slow + self.failed
        return round((self.good + self.slow) / checks, 6) if checks else None


def of_check(verdict: Verdict, ms: float, *, maintenance: bool, calls: int, failed: int) -> Tally:
    """One check; in maintenance it says nothing of uptime."""
    answered = verdict is not Verdict.FAILED
    return Tally(
        good=int(verdict is Verdict.GOOD and not maintenance),
        slow=int(verdict is Verdict.SLOW and not maintenance),
        failed=int(verdict is Verdict.FAILED and not maintenance),
        excluded=int(maintenance),
        calls=calls,
        calls_failed=failed,
        latencies=latency.observed(latency.NOTHING, ms) if answered else latency.NOTHING,
    )


def start_of(grain: Grain, moment: datetime) -> datetime:
    """When the span began that `moment` lies in."""
    start = moment.replace(second=0, microsecond=0)
    if grain is not Grain.MINUTE:
        start = start.replace(minute=0)
    return start.replace(hour=0) if grain is Grain.DAY else start
