"""Several writes as one statement: on PostgreSQL one round trip, elsewhere one after the other.

A data-modifying CTE is atomic by itself, so no transaction need be opened
around it; on SQLite the writes get one of their own. Like `bulk_create`, this
calls no `save()` and sends no signals.

All parts of one PostgreSQL statement see the same snapshot: an update does not
find a row that is inserted beside it, and one row must not be updated twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from django.db import connections, router, transaction
from django.db.models import Model, QuerySet

from integration_hub.coordination import prepared
from integration_hub.coordination.compiled import (
    Compiled,
    RowUpdate,
    compile_insert,
    compile_update,
)

__all__ = ["RowUpdate", "insert_unless_taken", "insert_where_free", "write_together"]

# The first part of the statement is what the others depend on.
_HELD = "EXISTS (SELECT 1 FROM w0)"

Update = tuple[QuerySet[Any], Mapping[str, Any]] | RowUpdate


def write_together(
    *,
    inserts: Sequence[Model] = (),
    updates: Sequence[Update] = (),
    ignore_conflicts_first: bool = False,
    only_if_updated: bool = False,
) -> list[int]:
    """Write all or nothing; returns how many rows each of `updates` changed.

    `ignore_conflicts_first`: when the first insert hits a unique constraint,
    nothing at all is written. `only_if_updated`: when the first update changes no
    row, nothing else is written (a claim that was lost).
    """
    if ignore_conflicts_first and (only_if_updated or not inserts):
        raise ValueError("ignore_conflicts_first needs a first insert and is the only condition")
    if only_if_updated and not updates:
        raise ValueError("only_if_updated needs a first update")
    return _write(inserts, updates, ignore_conflicts_first, only_if_updated)[1]


def insert_unless_taken(first: Model, then: Sequence[Model]) -> bool:
    """Insert `first` and, with it, `then`. False: a row like `first` exists, nothing was written.

    Of any number of concurrent callers with an equal `first`, exactly one gets
    True; the others wait for its transaction to end.
    """
    return _write([first, *then], [], True, False)[0]


def insert_where_free(rows: Sequence[Model]) -> None:
    """One INSERT of rows of one model; those that hit a unique constraint are left out."""
    using = _alias(rows, [])
    part = compile_insert(connections[using], rows, may_exist=True)
    _run_in_turn(using, [part], conditional=False)


def _write(
    inserts: Sequence[Model], updates: Sequence[Update], unless_taken: bool, if_updated: bool
) -> tuple[bool, list[int]]:
    """Whether the condition held, and the row counts of the updates."""
    using = _alias(inserts, updates)
    conditional = unless_taken or if_updated
    connection = connections[using]
    one = connection.vendor == "postgresql"
    condition = _HELD if conditional and one else ""
    parts = [
        compile_insert(
            connection,
            rows,
            may_exist=unless_taken and number == 0,
            condition="" if unless_taken and number == 0 else condition,
        )
        for number, rows in enumerate(_groups(inserts, alone=1 if unless_taken else 0))
    ]
    changes = [
        compile_update(connection, update, "" if if_updated and number == 0 else condition)
        for number, update in enumerate(updates)
    ]
    order = [*changes[:1], *parts, *changes[1:]] if if_updated else [*parts, *changes]
    if len(order) > 1 and one:
        counts = _run_as_one(using, order)
    else:
        counts = _run_in_turn(using, order, conditional)
    happened = not conditional or counts[0] > 0
    for row in inserts if happened else ():
        row._state.adding, row._state.db = False, using
    first = [counts[0]] if if_updated else []
    return happened, first + counts[len(order) - len(changes) + len(first) :]


def _alias(inserts: Sequence[Model], updates: Sequence[Update]) -> str:
    for row in inserts:
        return str(router.db_for_write(type(row), instance=row))
    for update in updates:
        if isinstance(update, RowUpdate):
            return str(router.db_for_write(update.model))
        return str(router.db_for_write(update[0].model))
    return "default"


def _groups(rows: Sequence[Model], alone: int) -> list[list[Model]]:
    """Neighbours of one model go into one INSERT; the first `alone` rows stay by themselves."""
    groups: list[list[Model]] = []
    for number, row in enumerate(rows):
        if number > alone and groups and type(groups[-1][0]) is type(row):
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def _run_in_turn(using: str, parts: Sequence[Compiled], conditional: bool) -> list[int]:
    counts: list[int] = []
    together: AbstractContextManager[None] = (
        transaction.atomic(using=using, savepoint=False)
        if len(parts) > 1
        else transaction.mark_for_rollback_on_error(using=using)
    )
    with together:
        for sql, params in parts:
            stopped = conditional and bool(counts) and counts[0] == 0
            counts.append(0 if stopped else prepared.change(using, sql, params))
    return counts


def _run_as_one(using: str, parts: Sequence[Compiled]) -> list[int]:
    ctes = ", ".join(f"w{number} AS ({sql} RETURNING 1)" for number, (sql, _) in enumerate(parts))
    counts = ", ".join(f"(SELECT count(*) FROM w{number})" for number in range(len(parts)))  # noqa: S608
    params = [value for _, values in parts for value in values]
    with transaction.mark_for_rollback_on_error(using=using):
        rows = prepared.fetch(using, f"WITH {ctes} SELECT {counts}", params)
    return [int(count) for count in rows[0]]
