"""Writes that hold only while a claim stands: the fence decides, never a look before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from executor.models import Execution

if TYPE_CHECKING:
    from executor.run import Run

NO_CLAIM: dict[str, Any] = {"lease_until": None, "lease_owner": ""}
"""The columns of a row that nobody runs."""

UNCLAIMED = NO_CLAIM | {"cancel_requested": False}
"""The same of one that has ended."""


class ClaimLost(Exception):
    """Another process took the execution over, or it is final: this one writes nothing more."""


def mark_sent(run: Run) -> None:
    """Commit that bytes are about to leave, where a crash must be told from "never sent".

    Only for a call in a worker that is not safe to repeat: a sync row is inserted
    with the mark, and a safe call needs none.
    """
    if not run.in_worker or run.safe_now or run.marked_sent:
        return
    if Execution.objects.held(run.execution).update(sent=True) == 0:
        raise ClaimLost(str(run.execution.pk))
    run.marked_sent = True
