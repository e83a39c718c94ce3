"""How long executions and their bodies are kept, and how they go: in small batches, or by month.

Each instance may say its own times in its `overrides` (`retention_days`,
`payload_retention_days`); the settings say them for all others. Bodies never
outlive their execution.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import OperationalError, connection, models, transaction

from executor.choices import FINAL
from executor.delivery.portion import Portion
from executor.files import store
from executor.models import Attempt, Execution, Payload, Resolution, StoredFile
from integration_hub.coordination.partitions import drop_partitions, months_before
from integration_hub.lib import ids, jsonsafe, log
from registry.models import Instance

DAYS, BODY_DAYS = "retention_days", "payload_retention_days"
LOCK_WAIT_MS = 300
"""Dropping a month waits no longer for running statements: calls queue behind the wait."""

_ATTEMPTS_BEFORE = timedelta(hours=1)  # hosts differ in their clocks
_logger = log.get(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """Days for all, and by instance for those that say otherwise."""

    days: int
    body_days: int
    own: dict[UUID, int]
    own_body: dict[UUID, int]

    @property
    def longest(self) -> int:
        return max([self.days, *self.own.values()])


def kept(days: int | None = None) -> Kept:
    """What is in force; `days` takes the setting's place."""
    whole = days or settings.HUB_EXECUTION_RETENTION_DAYS
    bodies = settings.HUB_PAYLOAD_RETENTION_DAYS
    said = Instance.objects.filter(overrides__contains=DAYS).values_list("pk", "overrides")
    own: dict[UUID, int] = {}
    own_body: dict[UUID, int] = {}
    for pk, text in said:
        read = jsonsafe.loads(text)
        own[pk] = read.get(DAYS, whole)
        own_body[pk] = min(own[pk], read.get(BODY_DAYS, bodies or own[pk]))
    return Kept(whole, min(whole, bodies or whole), own, own_body)


def executions(now: datetime, rule: Kept, portion: Portion) -> Iterator[int]:
    """Delete final executions that have had their time; yields the size of each batch."""
    yield from _months(now, rule, portion)
    others = Execution.objects.exclude(instance_id__in=rule.own)
    yield from gone(others.filter(pk__lt=_before(now, rule.days)), portion)
    for pk, days in rule.own.items():
        rows = Execution.objects.filter(instance_id=pk, pk__lt=_before(now, days))
        yield from gone(rows, portion)


def bodies(now: datetime, rule: Kept, portion: Portion) -> Iterator[int]:
    """Delete bodies that go before their execution does: what goes whole is not looked at."""
    if rule.body_days < rule.days:
        others = Execution.objects.exclude(instance_id__in=rule.own_body)
        span = {"pk__gte": _before(now, rule.days), "pk__lt": _before(now, rule.body_days)}
        yield from stripped(others.filter(**span), portion)
    for pk, days in rule.own_body.items():
        whole = rule.own.get(pk, rule.days)
        span = {"pk__gte": _before(now, whole), "pk__lt": _before(now, days)}
        yield from stripped(Execution.objects.filter(instance_id=pk, **span), portion)


def _before(now: datetime, days: int) -> UUID:
    return ids.floor_id(now - timedelta(days=days))


def gone(rows: models.QuerySet[Execution], portion: Portion) -> Iterator[int]:
    """Delete these executions, those that are final, with all that is kept of them."""
    return _by_portions(rows, portion, _delete)


def stripped(rows: models.QuerySet[Execution], portion: Portion) -> Iterator[int]:
    """Delete the bodies of these executions, those that are final."""
    has_body = models.Exists(Payload.objects.filter(pk=models.OuterRef("pk")))
    return _by_portions(rows.filter(has_body), portion, _delete_bodies)


def _by_portions(
    rows: models.QuerySet[Execution], portion: Portion, delete: Callable[[list[UUID]], None]
) -> Iterator[int]:
    """Final rows, oldest first, locked while they are dealt with.

    A row that someone else holds is left to the next hour: nobody waits.
    """
    skip = connection.features.has_select_for_update_skip_locked
    last = UUID(int=0)
    while True:
        with transaction.atomic():
            found = rows.filter(status__in=FINAL, pk__gt=last).order_by("pk")
            locked = found.select_for_update(skip_locked=skip, of=("self",) if skip else ())
            keys = list(locked.values_list("pk", flat=True)[: portion.rows])
            if not keys:
                return
            delete(keys)
        last = keys[-1]
        yield len(keys)


def _delete(keys: list[UUID]) -> None:
    store.remove_of(keys)
    Payload.objects.filter(pk__in=keys).delete()
    oldest = ids.floor_id(ids.time_of(keys[0]) - _ATTEMPTS_BEFORE)
    Attempt.objects.filter(execution_id__in=keys, pk__gte=oldest)._raw_delete("default")
    Resolution.objects.filter(pk__in=keys)._raw_delete("default")
    Execution.objects.filter(pk__in=keys)._raw_delete("default")


def _delete_bodies(keys: list[UUID]) -> None:
    Payload.objects.filter(pk__in=keys).delete()


def _months(now: datetime, rule: Kept, portion: Portion) -> Iterator[int]:
    """Drop whole months that nobody keeps anything of; the rows in them are not counted."""
    bound = now - timedelta(days=rule.longest)
    for month in months_before(Execution._meta.db_table, bound):
        end = ids.floor_id(month.end)
        if Execution.objects.active().filter(pk__lt=end).exists():
            return
        yield from _files_before(end, portion)
        tables: list[Any] = [Payload, Attempt, Execution]
        names = [f"{model._meta.db_table}_{month.suffix}" for model in tables]
        try:
            drop_partitions(names, lock_wait_ms=LOCK_WAIT_MS)
        except OperationalError as error:
            _logger.warning("delivery.partition_busy", partition=names[-1], error=str(error)[:200])
            return
        Resolution.objects.filter(pk__lt=end)._raw_delete("default")
        _logger.info("delivery.partition_dropped", partition=names[-1])
        yield 0


def _files_before(end: UUID, portion: Portion) -> Iterator[int]:
    """Files go before the rows that name them; they are no rows, so they count as none."""
    old = StoredFile.objects.filter(execution_id__lt=end).order_by("execution_id")
    while some := list(old[: portion.rows]):
        store.remove(some)
        yield 0
