"""What has had its time goes: every table one way, in short batches, one process a database.

The pacer purges in slices of a fifth of a second, so that its other steps are never
late; `manage.py purge_executions` does it at once. Each batch is a transaction of its
own and the oldest go first: whoever is interrupted has only to begin again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django_q.models import Task

from credentials import rotation
from executor import idempotency
from executor.delivery import ceiling, retention
from executor.delivery.constants import (
    PURGE_AGAIN,
    PURGE_LEASE,
    PURGE_SLICE,
    SIZE_EVERY,
    UPKEEP_EVERY,
)
from executor.delivery.portion import Portion
from executor.drift import seen
from executor.files import store
from executor.health.models import HealthCheckResult, HealthRollup, HealthSilence
from executor.health.tally import KEPT
from executor.inbound import retention as hooks
from executor.models import (
    Attempt,
    CircuitChange,
    Execution,
    IdempotencyRecord,
    Payload,
    Progress,
)
from integration_hub.coordination import dbtime, leases
from integration_hub.coordination.leases import Lease
from integration_hub.coordination.partitions import ensure_partitions
from integration_hub.events import services as events
from integration_hub.lib import clock, log, pause
from integration_hub.lib.ids import floor_id

CHECKS_KEPT = timedelta(days=2)
"""Single checks; minutes, hours and days of them are kept longer (`tally.KEPT`)."""

CIRCUITS_KEPT = timedelta(days=91)
TASKS_KEPT = timedelta(days=7)
PARTITIONED = (Execution, Attempt, Payload)

logger = log.get(__name__)


def make_partitions() -> None:
    """What the pacer does once an hour: months have their partitions ahead of time."""
    now = dbtime.now()
    for model in PARTITIONED:
        for name in ensure_partitions(model._meta.db_table, now=now):
            logger.info("delivery.partition_made", partition=name)
    ended = rotation.drop_ended()
    if ended:
        logger.info("credential.old_ones_dropped", rows=ended)


def turn() -> Lease | None:
    """The right to purge this database, or None while another has it."""
    return leases.hold("purge", PURGE_LEASE)


def purge(*, now: datetime, days: int | None = None) -> dict[str, int]:
    """Delete what is older than retention, all of it at once; rows deleted by table.

    Bodies and attempts go before their execution, and only of executions that are
    final. An idempotency key is kept 24 hours, and as long as its call runs.
    """
    portion = Portion()
    tables = batches_by_table(now=now, portion=portion, days=days)
    return {name: sum(timed(batches, portion)) for name, batches in tables.items()}


def timed(batches: Iterator[int], portion: Portion) -> Iterator[int]:
    """The sizes of the batches, each of which says how large the next may be."""
    while True:
        pause.point("purge-batch")
        began = clock.monotonic()
        size = next(batches, None)
        if size is None:
            return
        portion.took(clock.monotonic() - began)
        yield size


def batches_by_table(
    *, now: datetime, portion: Portion, days: int | None = None
) -> dict[str, Iterator[int]]:
    """By table, an iterator that deletes one batch a step and yields its size."""
    rule = retention.kept(days)
    keys = IdempotencyRecord.objects.filter(created_at__lt=now - idempotency.KEPT)
    checks = HealthCheckResult.objects.filter(pk__lt=floor_id(now - CHECKS_KEPT))
    changes = CircuitChange.objects.filter(pk__lt=floor_id(now - CIRCUITS_KEPT))
    silences = HealthSilence.objects.filter(ends_at__lt=now - CIRCUITS_KEPT)
    tasks = Task.objects.filter(stopped__lt=now - TASKS_KEPT)
    return {
        "bodies": retention.bodies(now, rule, portion),
        "executions": retention.executions(now, rule, portion),
        "over size": ceiling.batches(now, portion),
        "progress": _batches(Progress.objects.all(), portion, of="pk"),
        "changes of providers": _batches(seen.purge_before(rule.days), portion),
        "webhook bodies": hooks.bodies(now, rule.body_days, portion),
        "parked messages": _batches(hooks.old_parked(now, rule.days), portion),
        "webhooks": _batches(hooks.old(now, rule.days), portion),
        "stray files": store.sweep(now),
        "events": _events(now - timedelta(days=rule.days), portion),
        "idempotency keys": _batches(keys, portion, by="created_at", of="execution_id"),
        "health checks": _batches(checks, portion),
        "health history": _health_history(now, portion),
        "silences": _batches(silences, portion, by="ends_at"),
        "circuit changes": _batches(changes, portion),
        "queue results": _batches(tasks, portion),
    }


class Purge:
    """The pacer's purge: one pass an hour over every table, a slice at a time."""

    def __init__(self) -> None:
        self._portion = Portion()
        self._left: Iterator[tuple[str, int]] | None = None
        self._gone: Counter[str] = Counter()
        self._next_at = 0.0

    def slice(self) -> bool:
        """Go on for PURGE_SLICE seconds, unless another process purges; whether more is left."""
        if self._left is None and clock.monotonic() < self._next_at:
            return False
        lease = turn()
        if lease is None:
            return True
        try:
            return self._delete_until(clock.monotonic() + PURGE_SLICE)
        except BaseException:
            self._left, self._next_at = None, clock.monotonic() + PURGE_AGAIN
            raise
        finally:
            lease.release()

    def _delete_until(self, end: float) -> bool:
        if self._left is None:
            self._left = self._pass()
        for name, size in self._left:
            self._gone[name] += size
            if clock.monotonic() >= end:
                return True
        for name, size in self._gone.items():
            if size:
                logger.info("delivery.purged", table=name, rows=size)
        self._gone.clear()
        every = SIZE_EVERY if settings.HUB_EXECUTION_MAX_GB else UPKEEP_EVERY
        self._left, self._next_at = None, clock.monotonic() + every
        return False

    def _pass(self) -> Iterator[tuple[str, int]]:
        tables = batches_by_table(now=dbtime.now(), portion=self._portion)
        for name, batches in tables.items():
            for size in timed(batches, self._portion):
                yield name, size
            yield name, 0  # looking at a table for nothing takes time too


def _events(before: datetime, portion: Portion) -> Iterator[int]:
    while count := events.purge(before=before, batch=portion.rows):
        yield count


def _health_history(now: datetime, portion: Portion) -> Iterator[int]:
    for grain, kept in KEPT.items():
        rows = HealthRollup.objects.filter(grain=grain.value, at__lt=now - kept)
        yield from _batches(rows, portion, by="at")


def _batches(
    rows: models.QuerySet[Any], portion: Portion, *, by: str = "pk", of: str = ""
) -> Iterator[int]:
    """In the order of an index, each from where the last ended: nothing is read twice.

    `of` names the column with the execution that a row belongs to; while that runs it stays.
    """
    last = Q()
    while found := list(
        rows.filter(last).order_by(by, "pk").values_list("pk", by, of or "pk")[: portion.rows]
    ):
        end, value, _ = found[-1]
        last = Q(pk__gt=end) if by == "pk" else _after(by, value, end)
        running = _running({execution for *_, execution in found}) if of else set()
        keys = [pk for pk, _, execution in found if execution not in running]
        rows.model._default_manager.filter(pk__in=keys).delete()
        yield len(keys)


def _after(by: str, value: Any, end: Any) -> Q:
    """Beyond a row in the order (`by`, key); the first condition is what an index can use."""
    later = Q(**{f"{by}__gt": value}) | Q(pk__gt=end)
    return Q(**{f"{by}__gte": value}) & later


def _running(keys: set[Any]) -> set[Any]:
    """Looked for by key: no plan of the database's then reads the whole log for them."""
    return set(Execution.objects.active().filter(pk__in=keys).values_list("pk", flat=True))
