"""Tables partitioned by month of their UUIDv7 key, on PostgreSQL; plain tables elsewhere.

The key stays `id`: a month is a range of UUIDv7 values, so partitions are made
ahead and dropped by retention without a scan.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db import connection, migrations, models

from integration_hub.lib.ids import floor_id


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
