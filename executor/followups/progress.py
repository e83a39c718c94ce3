"""What a run of several requests knows, kept sealed while it waits for a worker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from executor.claims import ClaimLost
from executor.followups.followup import FollowUp
from executor.followups.kinds import begin
from executor.models import Execution, Progress
from executor.run import Run
from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import PayloadPurged, ResponseInvalid
from integration_hub.sealing.field import seal
from integration_hub.sealing.keyring import CannotOpen


def resume(run: Run) -> None:
    """Give a claimed run what its earlier runs kept.

    Raises PayloadPurged when it is sealed off, ResponseInvalid when the method has become
    one that cannot go on from there: it must not begin anew.
    """
    run.followup = begin(run.target, run.parameters)
    if run.followup is None and not run.execution.attempts:
        return
    row = Progress.objects.filter(pk=run.execution.pk).first()
    if row is None or row.state is None:
        return
    try:
        kept = jsonsafe.loads(row.state.open(row))
    except CannotOpen as error:
        raise PayloadPurged(
            "What this execution had fetched so far cannot be opened with the keys in FERNET_KEYS."
        ) from error
    if run.followup is None or kept["kind"] != run.followup.kind:
        raise ResponseInvalid(
            "The definition changed while this call was under way, and what it had fetched fits "
            "no more. Look at the external system before you replay it."
        )
    run.followup.restore(kept["state"])
    run.step_base = kept["base"]
    run.resumed = True


def keep(run: Run) -> None:
    """Write what the run knows; call inside the transaction that gives the run up."""
    followup = run.followup
    if followup is None or not followup.underway:
        return
    row = Progress(id=run.execution.pk)
    sealed = seal(row, "state", jsonsafe.dumps_text(_document(run, followup)))
    Progress.objects.update_or_create(
        pk=row.pk, defaults={"state": sealed, "state_key": sealed.key_id}
    )
    run.resumed = True


def secure(run: Run) -> None:
    """Keep at once what cannot be had again: from here on a death resumes, and resends nothing.

    Raises ClaimLost.
    """
    if not run.in_worker or run.followup is None or not run.followup.precious:
        return
    with transaction.atomic():
        if Execution.objects.held(run.execution).update(sent=False) == 0:
            raise ClaimLost(str(run.execution.pk))
        keep(run)
    run.marked_sent = False


def forget(run: Run) -> None:
    """An ended run needs nothing of it."""
    if run.resumed:
        Progress.objects.filter(pk=run.execution.pk).delete()


def _document(run: Run, followup: FollowUp) -> Mapping[str, Any]:
    return {"kind": followup.kind, "base": run.step_base, "state": followup.state()}
