"""Rows whose process is gone: who is to blame, and what becomes of them.

Every running call of a worker is renewed by one statement, so one ended lease
means that its worker is dead and takes all its rows along. Several at once are
charged to none: each becomes suspect and runs alone. A death alone counts; with
the third a call is poison and ends.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q

from executor import ending
from executor.choices import ExecutionStatus, Mode
from executor.delivery.constants import MAX_DEATHS
from executor.models import Execution
from executor.querysets import ExecutionQuerySet
from integration_hub.coordination import dbtime
from integration_hub.lib import log
from integration_hub.lib.errors import Poisoned

TAKEN = "lost:"
"""How `lease_owner` of a row begins that was taken from its owner and awaits settling."""

_BATCH = 200
_POISON = (
    "A worker died each of the three times that this call ran. It is not run again by itself; "
    "replay it once the cause is found."
)

logger = log.get(__name__)


def reconcile() -> int:
    """Settle what ended leases left behind; the number of rows settled. Safe to run by many."""
    _bury_the_dead()
    to_settle = Execution.objects.lost().filter(
        Q(mode=Mode.SYNC) | Q(lease_owner__startswith=TAKEN)
    )
    return sum(_settle(row) for row in to_settle.order_by("lease_until")[:_BATCH])


def hand_back(rows: list[Execution], *, owner: str) -> None:
    """Give up calls that this living worker cannot finish; no death is charged."""
    ids = [row.pk for row in rows]
    _take_from(owner, Execution.objects.filter(pk__in=ids))
    taken = Execution.objects.filter(pk__in=ids, lease_owner=_mark(owner))
    for row in taken.filter(status=ExecutionStatus.EXECUTING):
        _settle(row)


def _bury_the_dead() -> None:
    lost = Execution.objects.lost().filter(mode=Mode.ASYNC).exclude(lease_owner__startswith=TAKEN)
    for owner in lost.order_by().values_list("lease_owner", flat=True).distinct()[:_BATCH]:
        bury(owner)


def bury(owner: str) -> int:
    """Take everything from a worker that is dead; the number of calls that await settling."""
    with transaction.atomic():
        calls = Execution.objects.filter(mode=Mode.ASYNC)
        count = _held_by(owner, calls).count()
        charge = {"deaths": F("deaths") + 1} if count == 1 else {"suspect": True}
        taken = _take_from(owner, calls, **charge)
    if taken:
        logger.warning("delivery.worker_lost", owner=owner, calls=taken, charged=count == 1)
    return taken


def bury_tree(name: str) -> None:
    """Take everything from the workers of a tree whose cluster is dead, each for itself."""
    running = Execution.objects.filter(mode=Mode.ASYNC, status=ExecutionStatus.EXECUTING)
    of_tree = running.filter(lease_owner__startswith=f"{name}:")
    for owner in of_tree.order_by().values_list("lease_owner", flat=True).distinct()[:_BATCH]:
        bury(owner)


def _take_from(owner: str, rows: ExecutionQuerySet, **changes: object) -> int:
    """The fence keeps the owner's late writes out, should it live after all."""
    return _held_by(owner, rows).update(
        lease_owner=_mark(owner),
        lease_until=dbtime.now() - timedelta(seconds=1),
        fence=F("fence") + 1,
        **changes,
    )


def _held_by(owner: str, rows: ExecutionQuerySet) -> ExecutionQuerySet:
    return rows.filter(lease_owner=owner, status=ExecutionStatus.EXECUTING)


def _mark(owner: str) -> str:
    return f"{TAKEN}{owner}"[:120]


def _settle(row: Execution) -> bool:
    strikes = row.deaths + int(row.suspect)
    if row.mode == Mode.ASYNC and row.deaths and strikes >= MAX_DEATHS:
        logger.error("delivery.poison", execution_id=str(row.pk), instance=row.instance_slug)
        ending.finish(row, status=ExecutionStatus.FAILED, error=Poisoned(_POISON))
    else:
        ending.settle_lost(row)
    return True
