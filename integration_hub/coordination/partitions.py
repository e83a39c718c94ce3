"""Tables partitioned by month of their UUIDv7 key, on PostgreSQL; plain tables elsewhere.

The key stays `id`: a month is a range of UUIDv7 values, so partitions are made
ahead and dropped by retention without a scan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection, migrations, models, transaction

from integration_hub.lib.ids import floor_id

_YYYYMM = 6
_CHILDREN = (
    "SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid "
    "WHERE inhparent = %s::regclass ORDER BY 1"
)


def month_start(moment: datetime, ahead: int = 0) -> datetime:
    """The first instant, UTC, of the month `ahead` months after that of `moment`."""
    index = moment.year * 12 + moment.month - 1 + ahead
    return datetime(index // 12, index % 12 + 1, 1, tzinfo=UTC)


def ensure_partitions(table: str, *, now: datetime, ahead: int = 3) -> list[str]:
    """Create the partitions of this month and the next `ahead`; returns the names made.

    A no-op on databases without partitions. Safe to run at any time, by many.
    """
    if connection.vendor != "postgresql":
        return []
    made = []
    with connection.cursor() as cursor:
        for step in range(ahead + 1):
            start, end = month_start(now, step), month_start(now, step + 1)
            name = f"{table}_{start:%Y%m}"
            cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [name])
            if cursor.fetchone()[0]:
                continue
            cursor.execute(
                f'CREATE TABLE IF NOT EXISTS "{name}" PARTITION OF "{table}" '
                f"FOR VALUES FROM ('{floor_id(start)}') TO ('{floor_id(end)}')"
            )
            made.append(name)
    return made


@dataclass(frozen=True, slots=True)
class Month:
    """One month's partition of a table: the end of its name, and where it ends."""

    suffix: str
    end: datetime


def months_before(table: str, moment: datetime) -> list[Month]:
    """The months of `table` that lie wholly before `moment`, oldest first; none elsewhere."""
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute(_CHILDREN, [table])
        suffixes = sorted(name.removeprefix(f"{table}_") for (name,) in cursor.fetchall())
    months = [
        Month(suffix, month_start(datetime(int(suffix[:4]), int(suffix[4:]), 1, tzinfo=UTC), 1))
        for suffix in suffixes
        if suffix.isdigit() and len(suffix) == _YYYYMM
    ]
    return [month for month in months if month.end <= moment]


def drop_partitions(names: Sequence[str], *, lock_wait_ms: int) -> None:
    """Drop all or none of these partitions, without a scan.

    Raises OperationalError when running statements keep the locks for longer.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = {int(lock_wait_ms)}")
        for name in names:
            cursor.execute(f'DROP TABLE IF EXISTS "{name}"')


class CreatePartitionedModel(migrations.CreateModel):
    """CreateModel whose table is `PARTITION BY RANGE (id)` on PostgreSQL."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        plain = schema_editor.sql_create_table
        schema_editor.sql_create_table = plain + " PARTITION BY RANGE (id)"
        try:
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        finally:
            schema_editor.sql_create_table = plain
        model: type[models.Model] = to_state.apps.get_model(app_label, self.name)
        table = model._meta.db_table
        # Rows outside every month still have a home: an insert never fails for want of one.
        schema_editor.execute(f'CREATE TABLE "{table}_default" PARTITION OF "{table}" DEFAULT')
        ensure_partitions(table, now=datetime.now(UTC))


class AddPartitionedIndex(migrations.AddIndex):
    """AddIndex that never blocks writers on PostgreSQL; needs `atomic = False`.

    A partitioned table takes no index concurrently: so an empty one on the parent,
    then one a partition, built beside the writers and attached. May be run again
    after it was interrupted.
    """

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model: type[models.Model] = to_state.apps.get_model(app_label, self.model_name)
        table, name = model._meta.db_table, self.index.name
        _, tail = str(self.index.create_sql(model, schema_editor)).split(f' ON "{table}" ', 1)
        schema_editor.execute("SET statement_timeout = 0")
        schema_editor.execute(f'CREATE INDEX IF NOT EXISTS "{name}" ON ONLY "{table}" {tail}')
        for part in _partitions(schema_editor, table):
            child = f"{name}_{part.removeprefix(table)}"
            if _is_attached(schema_editor, child):
                continue
            schema_editor.execute(f'DROP INDEX CONCURRENTLY IF EXISTS "{child}"')
            schema_editor.execute(f'CREATE INDEX CONCURRENTLY "{child}" ON "{part}" {tail}')
            schema_editor.execute(f'ALTER INDEX "{name}" ATTACH PARTITION "{child}"')
        schema_editor.execute("RESET statement_timeout")


def _partitions(schema_editor: Any, table: str) -> list[str]:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(_CHILDREN, [table])
        return [name for (name,) in cursor.fetchall()]


def _is_attached(schema_editor: Any, index: str) -> bool:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_inherits WHERE inhrelid = to_regclass(%s)", [index])
        return cursor.fetchone() is not None
