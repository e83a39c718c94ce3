"""A new secret that something is acquired with is tried by acquiring it, before it is in force."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from credentials import refresh_rows, runtime
from credentials.errors import NotAcquired
from credentials.lasting import lasting
from credentials.models import Credential
from credentials.rotation import Candidate
from integration_hub.egress.door import Deadline
from integration_hub.lib import clock, jsonsafe
from integration_hub.lib.errors import Conflict
from integration_hub.sealing.field import seal
from registry.runtime import RuntimeInstance

SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Acquiring:
    """`spent`: the grant itself went into it (a refresh token works once), so that what was
    acquired has to be kept whatever a call with it says."""

    spent: bool


@contextmanager
def acquired_with(candidate: Candidate, instance: RuntimeInstance) -> Iterator[Acquiring]:
    """Within it `candidate.row` holds what was acquired, and nobody else refreshes.

    Raises Conflict while another one refreshes, and what the refusal of the new secret is.
    """
    row = candidate.row
    stored = Credential.objects.get(pk=row.pk)
    owner = refresh_rows.claim(stored) if stored.revision == candidate.seen else ""
    if not owner:
        raise Conflict(
            f"The credential of {instance.slug} is being renewed or changed: rotate again."
        )
    try:
        yield _acquire(row, instance)
    finally:
        refresh_rows.release(stored, owner)  # where it came into force, the claim is gone already


def _acquire(row: Credential, instance: RuntimeInstance) -> Acquiring:
    job = runtime.job_for(instance, row)
    data = job.opened(row)
    try:
        held = job.scheme.acquire(
            data=data, options=job.options, place=job.place, deadline=Deadline(SECONDS)
        )
    except NotAcquired as failure:
        raise failure.as_error(instance.slug) from failure
    whole = refresh_rows.merged(jsonsafe.loads(row.open_secret()), data, held.data)
    row.secret = seal(row, "secret", jsonsafe.dumps_text(whole))
    row.refreshed_at = clock.now()
    kept = lasting(job.scheme, held, job.options, expires_at=row.expires_at, is_new=True)
    for name, value in kept.as_columns().items():
        setattr(row, name, value)
    return Acquiring(spent=job.scheme.spends_its_grant(data, job.options))
