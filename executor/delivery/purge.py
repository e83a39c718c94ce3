"""Upkeep: partitions ahead of time, and what retention has had its time goes, in small batches."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django_q.models import Task

from executor.choices import FINAL
from executor.delivery.constants import PURGE_BATCH
from executor.models import Attempt, Execution, HealthCheckResult, IdempotencyRecord, Payload
from integration_hub.coordination import dbtime
from integration_hub.coordination.partitions import ensure_partitions
from integration_hub.events import services as events
from integration_hub.lib import log
from integration_hub.lib.ids import floor_id

IDEMPOTENCY_KEPT = timedelta(hours=24)
HEALTH_KEPT = timedelta(days=91)
TASKS_KEPT = timedelta(days=7)
PARTITIONED = (Execution, Attempt, Payload)

logger = log.get(__name__)


def upkeep() -> None:
    """What the pacer does once an hour."""
    now = dbtime.now()
    for model in PARTITIONED:
        for name in ensure_partitions(model._meta.db_table, now=now):
            logger.info("delivery.partition_made", partition=name)
    for name, count in purge(now=now).items():
        if count:
            logger.info("delivery.purged", table=name, rows=count)


def purge(*, now: datetime, days: int | None = None) -> dict[str, int]:
    """Delete what is older than retention; rows deleted by table.

    Bodies and attempts go before their execution, and only of executions that are
    final. An idempotency key is kept 24 hours, and as long as its call runs.
    """
    return {name: sum(batches) for name, batches in batches_by_table(now=now, days=days).items()}


def batches_by_table(*, now: datetime, days: int | None = None) -> dict[str, Iterator[int]]:
    """By table, an iterator that deletes one batch a step and yields its size."""
    kept = timedelta(days=days or settings.HUB_EXECUTION_RETENTION_DAYS)
    keys = IdempotencyRecord.objects.filter(created_at__lt=now - IDEMPOTENCY_KEPT)
    checks = HealthCheckResult.objects.filter(pk__lt=floor_id(now - HEALTH_KEPT))
    return {
        "executions": _executions(floor_id(now - kept)),
        "events": _events(now - kept),
        "idempotency keys": _batches(keys.exclude(_running("execution_id"))),
        "health checks": _batches(checks),
        "queue results": _batches(Task.objects.filter(stopped__lt=now - TASKS_KEPT)),
    }


def _running(column: str) -> models.Exists:
    return models.Exists(Execution.objects.active().filter(pk=models.OuterRef(column)))


def _executions(before: Any) -> Iterator[int]:
    rows = Execution.objects.filter(pk__lt=before, status__in=FINAL).order_by("pk")
    while ids := list(rows.values_list("pk", flat=True)[:PURGE_BATCH]):
        Payload.objects.filter(pk__in=ids).delete()
        Attempt.objects.filter(execution_id__in=ids).delete()
        Execution.objects.filter(pk__in=ids)._raw_delete("default")
        yield len(ids)


def _events(before: datetime) -> Iterator[int]:
    while count := events.purge(before=before, batch=PURGE_BATCH):
        yield count


def _batches(rows: models.QuerySet[Any]) -> Iterator[int]:
    while ids := list(rows.order_by("pk").values_list("pk", flat=True)[:PURGE_BATCH]):
        rows.model._default_manager.filter(pk__in=ids).delete()
        yield len(ids)
