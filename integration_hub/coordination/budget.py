"""One retry budget a scope over all processes, which costs a first try no round trip.

Each process counts its first tries in memory and hands them over with the retries
that it asks for: what the others have not handed over yet can only make the
budget smaller. The row is swapped by compare-and-set on `version`.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from django.db import DatabaseError

from integration_hub.coordination.models import BudgetRow
from integration_hub.coordination.statement import RowUpdate, insert_unless_taken, write_together
from integration_hub.lib import clock, log
from integration_hub.lib.resilience.budget import FLOOR, Budget, slot_of

MAX_SCOPES = 10_000
# Each swap lost means that another retry was counted: a crowd that fails together.
_TRIES = 5

_log = log.get(__name__)
_lock = threading.Lock()
_firsts: OrderedDict[str, dict[int, int]] = OrderedDict()


def count_first(scope: str) -> None:
    """One call of `scope` is about to be made for the first time."""
    slot = slot_of(clock.now().timestamp())
    with _lock:
        slots = _firsts.get(scope)
        if slots is None:
            slots = _firsts[scope] = {}
            if len(_firsts) > MAX_SCOPES:
                _firsts.popitem(last=False)
        slots[slot] = slots.get(slot, 0) + 1
        if len(slots) > 32:  # more than a window: the oldest is of no use any more
            del slots[min(slots)]


def spend(scope: str, *, floor: int = FLOOR, asked_for: bool = False) -> bool:
    """Whether a retry of `scope` may be made; it is counted then.

    One that the external system itself `asked_for`, by naming its time, always may. A
    budget that cannot be read allows nothing: then less is sent, not more.
    """
    firsts = _taken(scope)
    try:
        if _spend(scope, firsts, floor, asked_for):
            return True
    except DatabaseError as error:
        _log.warning("budget.unknown", reason=type(error).__name__)
    _give_back(scope, firsts)
    return asked_for


def forget() -> None:
    """Drop what this process counted and has not handed over."""
    with _lock:
        _firsts.clear()


def _spend(scope: str, firsts: dict[int, int], floor: int, asked_for: bool) -> bool:
    now = clock.now().timestamp()
    for _ in range(_TRIES):
        row = BudgetRow.objects.filter(pk=scope).values_list("slots", "version").first()
        text, version = row or ("", None)
        budget = Budget.of_text(text).at(now, firsts)
        if not asked_for and not budget.allows(floor=floor):
            return False
        if _swapped(scope, budget.spent(now), version):
            return True
    return False


def _swapped(scope: str, budget: Budget, version: int | None) -> bool:
    if version is None:
        return insert_unless_taken(BudgetRow(scope=scope, slots=budget.text, version=0), [])
    where = {"scope": scope, "version": version}
    values = {"slots": budget.text, "version": version + 1}
    return write_together(updates=[RowUpdate(BudgetRow, where, values)]) == [1]


def _taken(scope: str) -> dict[int, int]:
    with _lock:
        return _firsts.pop(scope, {})


def _give_back(scope: str, firsts: dict[int, int]) -> None:
    with _lock:
        slots = _firsts.setdefault(scope, {})
        for slot, number in firsts.items():
            slots[slot] = slots.get(slot, 0) + number
