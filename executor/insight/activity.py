"""What was called within a window, for people to see at a glance; a bounded read whatever the log.

The newest 10,000 calls of the window are read. Where they are all of it, every figure is
exact and of them. Where there were more, calls by time come from what health checks
counted (`executor.health.rollups`), failures and slow calls from the newest of each,
which have indexes of their own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from math import ceil

from django.db.models import Sum

from executor import selectors
from executor.choices import ExecutionStatus
from executor.health.models import HealthRollup
from executor.health.tally import Grain
from executor.models import SLOW_MS
from executor.querysets import ExecutionQuerySet
from integration_hub.access.caller import Caller
from integration_hub.access.home import Bar
from integration_hub.lib.ids import floor_id
from registry.models import Instance

LOOKED_AT = 10_000
NEWEST = 2_000
"""Failures of each kind, and slow calls, that are read where there were more calls."""

FAILED = (ExecutionStatus.FAILED, ExecutionStatus.OUTCOME_UNKNOWN)
STEPS = {
    "1h": (timedelta(hours=1), timedelta(minutes=5), Grain.MINUTE),
    "24h": (timedelta(hours=24), timedelta(hours=1), Grain.HOUR),
    "7d": (timedelta(days=7), timedelta(hours=6), Grain.HOUR),
}
"""Of each window its length, the span of one bar and the grain of the sums behind it."""

_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_COLUMNS = ("instance_slug", "method", "status", "code", "created_at", "duration_ms")

Row = tuple[str, str, str, str, datetime, float | None]


@dataclass(frozen=True, slots=True)
class Failing:
    """A method that failed: how often, with which code most, and of how many calls if known."""

    instance: str
    method: str
    failed: int
    calls: int | None
    code: str
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Slow:
    """How long the calls of a method took: 95 in 100 no longer than `p95_ms`."""

    instance: str
    method: str
    calls: int
    p95_ms: float
    longest_ms: float


@dataclass(frozen=True, slots=True)
class Activity:
    """`exact`: every call of the window was read."""

    bars: list[Bar]
    failing: list[Failing]
    slow: list[Slow]
    exact: bool

    @property
    def calls(self) -> int:
        return sum(bar.calls for bar in self.bars)

    @property
    def failed(self) -> int:
        return sum(bar.failed for bar in self.bars)


def read(caller: Caller, window: str, now: datetime) -> Activity:
    """One statement, or five where there were more than 10,000 calls."""
    since = now - STEPS[window][0]
    rows = selectors.visible(caller).filter(pk__gte=floor_id(since)).order_by("-id")
    newest: list[Row] = list(rows.values_list(*_COLUMNS)[: LOOKED_AT + 1])
    if len(newest) <= LOOKED_AT:
        totals = Counter((row[0], row[1]) for row in newest)
        failed = [row for row in newest if row[2] in FAILED]
        found = _failing(failed, totals), _slow(newest)
        return Activity(_bars(_counts(newest), window, now), *found, exact=True)
    failing = _failing(_newest_failures(rows), {})
    slow = _slow(rows.filter(duration_ms__gte=SLOW_MS).values_list(*_COLUMNS)[:NEWEST])
    return Activity(_bars(_sums(caller, window, since), window, now), failing, slow, exact=False)


def _newest_failures(rows: ExecutionQuerySet) -> list[Row]:
    """One statement a kind: each reads its part of the index from the end and stops."""
    each = (rows.filter(status=status).values_list(*_COLUMNS)[:NEWEST] for status in FAILED)
    return sorted(chain.from_iterable(each), key=lambda row: row[4], reverse=True)


def _counts(rows: Iterable[Row]) -> Iterable[tuple[datetime, int, int]]:
    return ((row[4], 1, int(row[2] in FAILED)) for row in rows)


def _sums(caller: Caller, window: str, since: datetime) -> Iterable[tuple[datetime, int, int]]:
    """(when, calls, failed) as health checks counted them, in minutes or hours."""
    grain = STEPS[window][2]
    spans = HealthRollup.objects.filter(grain=grain.value, at__gte=since)
    if caller.is_limited:
        spans = spans.filter(instance__in=Instance.objects.visible_to(caller))
    found = spans.order_by().values_list("at").annotate(n=Sum("calls"), bad=Sum("calls_failed"))
    return list(found)


def _bars(counts: Iterable[tuple[datetime, int, int]], window: str, now: datetime) -> list[Bar]:
    """Every bar of the window, oldest first; the first and the last may be shorter."""
    length, step, _ = STEPS[window]
    calls: Counter[datetime] = Counter()
    failed: Counter[datetime] = Counter()
    for at, n, bad in counts:
        calls[_floor(at, step)] += n
        failed[_floor(at, step)] += bad
    first, last = _floor(now - length, step), _floor(now, step)
    starts = [first + step * index for index in range((last - first) // step + 1)]
    return [Bar(at, calls[at], failed[at]) for at in starts]


def _floor(moment: datetime, step: timedelta) -> datetime:
    return moment - (moment - _EPOCH) % step


def _failing(
    rows: Sequence[Row], totals: Counter[tuple[str, str]] | dict[tuple[str, str], int]
) -> list[Failing]:
    """By method, the most failures first; `rows` are the newest first."""
    codes: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    last: dict[tuple[str, str], datetime] = {}
    for slug, method, _, code, at, _ in rows:
        codes[slug, method][code] += 1
        last.setdefault((slug, method), at)
    found = [
        Failing(*key, seen.total(), totals.get(key), seen.most_common(1)[0][0], last[key])
        for key, seen in codes.items()
    ]
    return sorted(found, key=lambda item: (-item.failed, item.instance, item.method))


def _slow(rows: Iterable[Row]) -> list[Slow]:
    """By method, the slowest first."""
    took: dict[tuple[str, str], list[float]] = defaultdict(list)
    for slug, method, _, _, _, ms in rows:
        if ms is not None:
            took[slug, method].append(ms)
    found = [Slow(*key, len(all_), _p95(sorted(all_)), max(all_)) for key, all_ in took.items()]
    return sorted(found, key=lambda item: (-item.p95_ms, item.instance, item.method))


def _p95(ordered: Sequence[float]) -> float:
    return ordered[ceil(0.95 * len(ordered)) - 1]
