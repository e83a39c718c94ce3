"""Claiming: a row is ours when our conditional update says so, on the database's clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, Q

from executor.choices import ExecutionStatus
from executor.delivery.constants import LEASE_SECONDS
from executor.delivery.node import PRIORITIES
from executor.models import Execution
from executor.querysets import ExecutionQuerySet
from integration_hub.coordination import dbtime

ALONE = Q(suspect=True) | Q(deaths__gt=0)
"""Rows that were running when a worker died: they run with nothing beside them."""


NOTHING = Q(pk__in=())


def claim(
    *, limit: int, queues: Sequence[str], fits_ms: int, owner: str, without: Q = NOTHING
) -> list[Execution]:
    """Up to `limit` due rows, in the order of `queues`, oldest due first.

    `fits_ms` leaves out rows whose deadline lies beyond the claimer's own end,
    `without` rows that it has no place for now. Each claim raises the fence:
    whoever held the row before writes no more.
    """
    claimed: list[Execution] = []
    for queue in queues:
        if (room := limit - len(claimed)) > 0:
            rows = _due(fits_ms).filter(priority=queue).exclude(ALONE)
            claimed += _take(rows if without is NOTHING else rows.exclude(without), room, owner)
    return claimed


def claim_alone(*, queues: Sequence[str], fits_ms: int, owner: str) -> list[Execution]:
    """The oldest due suspect, if there is one."""
    return _take(_due(fits_ms).filter(ALONE, priority__in=queues), 1, owner)


def waits_alone(*, queues: Sequence[str], fits_ms: int) -> bool:
    return _due(fits_ms).filter(ALONE, priority__in=queues).exists()


def renew(ids: Iterable[UUID], *, owner: str) -> set[UUID]:
    """Extend the leases of `ids` in one statement; those still ours."""
    wanted = list(ids)
    held = Execution.objects.filter(
        pk__in=wanted, lease_owner=owner, status=ExecutionStatus.EXECUTING
    )
    until = dbtime.now() + timedelta(seconds=LEASE_SECONDS)
    if held.update(lease_until=until) == len(wanted):
        return set(wanted)
    return set(held.values_list("pk", flat=True))


def cancel_requested(ids: Iterable[UUID]) -> set[UUID]:
    asked = Execution.objects.filter(pk__in=list(ids), cancel_requested=True)
    return set(asked.values_list("pk", flat=True))


def _due(fits_ms: int) -> ExecutionQuerySet:
    return Execution.objects.due().filter(timeout_ms__lte=fits_ms)


def _take(rows: ExecutionQuerySet, limit: int, owner: str) -> list[Execution]:
    """Lock (where the database can) or serialise (SQLite's immediate transactions), then update."""
    if not rows.exists():
        return []
    skip = connection.features.has_select_for_update_skip_locked
    with transaction.atomic():
        now = dbtime.now()
        found = list(rows.order_by("due_at").select_for_update(skip_locked=skip)[:limit])
        lease = {"lease_until": now + timedelta(seconds=LEASE_SECONDS), "lease_owner": owner}
        state = {"status": ExecutionStatus.EXECUTING, **lease}
        Execution.objects.filter(pk__in=[row.pk for row in found]).update(
            fence=F("fence") + 1, **state
        )
    for row in found:
        row.fence += 1
        for name, value in state.items():
            setattr(row, name, value)
    return found


def seconds_to_next(*, within: float) -> float | None:
    """Seconds until the next waiting row falls due, or None when none does `within` seconds."""
    now = dbtime.now()
    soon = Execution.objects.waiting().filter(priority__in=PRIORITIES)
    soon = soon.filter(due_at__gt=now, due_at__lte=now + timedelta(seconds=within))
    first = soon.order_by("due_at").values_list("due_at", flat=True).first()
    return None if first is None else (first - now).total_seconds()


def any_due(*, queues: Sequence[str]) -> bool:
    """Whether anything waits in `queues` that nobody has claimed."""
    return Execution.objects.due().filter(priority__in=queues).exists()
