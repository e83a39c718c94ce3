"""The log's size has a bound of its own: over it the oldest go before their time.

Bodies first, then executions; never one that runs, nor one of the last hour. On
SQLite the size is that of the file's pages in use, on PostgreSQL an estimate: live
rows by the statistics, times what the newest take, indexes included. What was deleted
leaves room in the same files, which new rows take.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, models

from executor.delivery import retention
from executor.delivery.portion import Portion
from executor.models import Attempt, Execution, Payload
from integration_hub.lib import ids, log

GIB = 1 << 30
DOWN_TO = 0.9
"""Of the bound: what is left once the purge had to step in."""

NEWEST_KEPT = timedelta(hours=1)
_SAMPLE = 500
_LIVE = (
    "SELECT COALESCE(sum(n_live_tup), 0), COALESCE(sum(pg_table_size(relid)), 0), "
    "COALESCE(sum(pg_indexes_size(relid)), 0) FROM pg_stat_user_tables "
    "JOIN pg_inherits ON inhrelid = relid WHERE inhparent = %s::regclass"
)
_logger = log.get(__name__)


def kept_bytes() -> int:
    """What executions, attempts and bodies take; on SQLite the whole database."""
    if connection.vendor == "sqlite":
        return (_pragma("page_count") - _pragma("freelist_count")) * _pragma("page_size")
    return int(sum(_live_bytes(model) for model in (Execution, Attempt, Payload)))


def batches(now: datetime, portion: Portion) -> Iterator[int]:
    """Delete the oldest bodies until the log is within its bound; executions when none are left.

    What the bodies gave back is known at the next pass: executions wait for it.
    """
    excess, stripped = _excess(), 0
    if not excess:
        return
    _logger.warning("delivery.log_over_size", over_bytes=int(excess))
    oldest = Payload.objects.order_by("pk").values_list("pk", flat=True).first()
    if oldest is not None:
        rows = _older(now).filter(pk__gte=oldest)
        for size in _until(excess, retention.stripped(rows, portion), _row_bytes(Payload)):
            stripped += size
            yield size
    if not stripped:
        each = _row_bytes(Execution) + _row_bytes(Attempt)
        yield from _until(excess, retention.gone(_older(now), portion), each)


def _excess() -> float:
    bound = settings.HUB_EXECUTION_MAX_GB * GIB
    size = kept_bytes() if bound else 0
    return size - bound * DOWN_TO if size > bound else 0


def _older(now: datetime) -> models.QuerySet[Execution]:
    return Execution.objects.filter(pk__lt=ids.floor_id(now - NEWEST_KEPT))


def _until(excess: float, batches: Iterator[int], each: float) -> Iterator[int]:
    for size in batches:
        yield size
        excess -= size * each
        if excess <= 0:
            return


def _live_bytes(model: type[models.Model]) -> float:
    with connection.cursor() as cursor:
        cursor.execute(_LIVE, [model._meta.db_table])
        rows, table, indexes = (float(value) for value in cursor.fetchone())
    return rows * _row_bytes(model) * (1 + indexes / table) if table else 0.0


def _row_bytes(model: type[models.Model]) -> float:
    """The mean of the newest rows."""
    table = f'"{model._meta.db_table}"'
    size = "pg_column_size(newest.*) + 28"  # with the header and the pointer of a row
    if connection.vendor == "sqlite":
        columns = [f'COALESCE(length(CAST("{f.column}" AS BLOB)), 0)' for f in model._meta.fields]
        size = " + ".join(columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT COALESCE(avg({size}), 0) FROM "  # noqa: S608 - names of our own models
            f"(SELECT * FROM {table} ORDER BY id DESC LIMIT {_SAMPLE}) AS newest"
        )
        return float(cursor.fetchone()[0])


def _pragma(name: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {name}")
        return int(cursor.fetchone()[0])
