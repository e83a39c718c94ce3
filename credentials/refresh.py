"""The refresh engine: one refresh of a credential over all processes and hosts.

Whoever claims the row asks; the others read again until the row has changed. No
call is made in a transaction, and the claim outlives the longest call, which is
given up before a second one may begin.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

from credentials import references, refresh_rows
from credentials.acquiring import Acquired, AcquiringScheme, Place
from credentials.choices import Acquisition, CredentialStatus, Reason
from credentials.errors import NotAcquired
from credentials.handover import Handover
from credentials.lasting import lasting
from credentials.models import Credential
from integration_hub.egress.door import Deadline
from integration_hub.lib import clock, jsonsafe, log, metrics, pause
from integration_hub.lib.errors import HubError, TimedOut

CALL_SECONDS = 20.0  # well within the claim's 30 s
TRIES = 3
_PAUSE = 0.3  # seconds before a request that came to nothing is made again
_LOOK = 0.2  # seconds between two looks at a row that another refreshes

_random = random.SystemRandom()
_logger = log.get(__name__)
_turns: WeakValueDictionary[UUID, _Turn] = WeakValueDictionary()
_turns_lock = threading.Lock()

Data = Mapping[str, Any]


class _Turn:
    """Within a process one thread looks for all that wait for the same credential."""

    __slots__ = ("__weakref__", "lock")

    def __init__(self) -> None:
        self.lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be renewed. `opened` gives a row's data in clear, for this moment."""

    credential_id: UUID
    place: Place
    scheme: AcquiringScheme
    options: Data
    opened: Callable[[Credential], Data] = field(repr=False)


def is_due(row: Credential) -> bool:
    """Whether it is to be renewed before its next use; costs no query."""
    return row.refresh_at is not None and row.refresh_at <= clock.now()


def is_over(row: Credential) -> bool:
    """Whether what it holds has ended, or there is nothing yet."""
    return row.token_expires_at is None or row.token_expires_at <= clock.now()


def renewed(job: Job, *, seen: int, deadline: Deadline, patient: bool = True) -> Credential:
    """The row at a later revision than `seen`, from whoever refreshes it.

    With `patient` a cool-down is kept, otherwise (a person asks) it is tried. Raises
    NotAcquired, and TimedOut or Cancelled when `deadline` ends before the refresh.
    """
    turn = _turn_of(job.credential_id)
    if not turn.lock.acquire(timeout=max(0.0, deadline.remaining())):
        deadline.check(sent=False)
        raise TimedOut("The deadline passed while another call refreshed.", sent=False)
    try:
        return _renewed(job, seen, deadline, patient)
    finally:
        turn.lock.release()


def _turn_of(key: UUID) -> _Turn:
    with _turns_lock:
        return _turns.setdefault(key, _Turn())


def _renewed(job: Job, seen: int, deadline: Deadline, patient: bool) -> Credential:
    while True:
        row = Credential.objects.filter(pk=job.credential_id).first()
        if row is None:
            raise NotAcquired(Reason.REAUTH_NEEDED, "the credential was deleted.", sent=False)
        if row.revision != seen:
            return _alive(row)
        _require_time(row, patient=patient)
        limit = Deadline(CALL_SECONDS)  # begins before the claim does, so it ends before it too
        owner = refresh_rows.claim(row)
        if owner:
            return _refresh(job, row, owner, limit, deadline)
        deadline.check(sent=False)
        clock.sleep(_random.uniform(_LOOK / 2, _LOOK))


def _alive(row: Credential) -> Credential:
    """What another one stored, unless that is its end."""
    if row.status in (CredentialStatus.EXPIRED, CredentialStatus.REVOKED):
        raise NotAcquired(Reason.REAUTH_NEEDED, row.status_reason or "it has ended.", sent=False)
    return row


def _require_time(row: Credential, *, patient: bool) -> None:
    left = (row.retry_at - clock.now()).total_seconds() if row.retry_at else 0.0
    if patient and left > 0:
        raise NotAcquired(
            Reason.UNAVAILABLE,
            f"the last refresh failed, and it is tried again in {left:.0f} s: "
            f"{row.status_reason or 'the token was refused'}",
            sent=False,
            retry_after=left,
        )


def _refresh(
    job: Job, row: Credential, owner: str, limit: Deadline, deadline: Deadline
) -> Credential:
    pause.point("refresh-claimed")
    try:
        data = job.opened(row)
    except HubError:
        refresh_rows.release(row, owner)
        raise
    settle = partial(_settle, job, row, owner, data)
    handover = Handover(partial(_ask, job, data, limit), settle)
    try:
        held = handover.run(deadline)
    except NotAcquired as failure:
        return settle(None, failure)
    return settle(held, None)


def _ask(job: Job, data: Data, limit: Deadline) -> Acquired:
    """Again at once only where it is sure that nothing was done: a lost answer is not that."""
    for number in range(1, TRIES + 1):
        try:
            return job.scheme.acquire(
                data=data, options=job.options, place=job.place, deadline=limit
            )
        except NotAcquired as failure:
            if number == TRIES or not _is_worth_a_try(failure, limit):
                raise
            clock.sleep(_PAUSE * number)
    raise AssertionError("the last try returns or raises")


def _is_worth_a_try(failure: NotAcquired, limit: Deadline) -> bool:
    if failure.outcome != Acquisition.TRANSIENT or failure.retry_after or limit.remaining() < 2:
        return False
    refused = failure.status is not None and failure.status >= 500
    return refused or not failure.sent


def _settle(
    job: Job,
    row: Credential,
    owner: str,
    data: Data,
    held: Acquired | None,
    failure: BaseException | None,
) -> Credential:
    """Write what came of it, and give the row as it is then."""
    pause.point("refresh-answered")
    if held is not None:
        return _stored(job, row, data, held)
    if not isinstance(failure, NotAcquired):
        refresh_rows.release(row, owner)
        raise failure or AssertionError("neither an answer nor a failure")
    _count(job, failure.outcome.value)
    _logger.warning(
        "refresh_failed",
        instance=job.place.slug,
        reason=failure.reason.value,
        status=failure.status,
    )
    if failure.outcome != Acquisition.TRANSIENT:
        references.forget(jsonsafe.loads(row.open_secret()))
    if failure.outcome != Acquisition.OVER:
        refresh_rows.cool_down(row, owner, failure)
        raise failure
    hint = f"{failure.detail} PUT /instances/{job.place.slug}/credentials."
    if refresh_rows.end(row, job.place.slug, hint):
        raise failure
    return _reread(row, failure)


def _stored(job: Job, row: Credential, data: Data, held: Acquired) -> Credential:
    kept = lasting(job.scheme, held, job.options, expires_at=row.expires_at, is_new=True)
    whole = refresh_rows.merged(jsonsafe.loads(row.open_secret()), data, held.data)
    written = Acquired(whole, held.expires_at, held.scope)
    if refresh_rows.store(row, written, kept, job.scheme.hint(held.data)[:120]):
        pause.point("refresh-stored")
        _count(job, "success")
        _logger.info("refreshed", instance=job.place.slug, revision=row.revision + 1)
    else:
        _count(job, "late")
        _logger.warning("refresh_dropped", instance=job.place.slug, revision=row.revision)
    return _reread(row, None)


def _reread(row: Credential, failure: NotAcquired | None) -> Credential:
    """What is stored now, by us or by who was faster."""
    found = Credential.objects.filter(pk=row.pk).first()
    if found is None or found.revision == row.revision:
        raise failure or NotAcquired(
            Reason.REAUTH_NEEDED, "the credential was deleted.", sent=False
        )
    return _alive(found)


def _count(job: Job, outcome: str) -> None:
    metrics.auth_refresh_total.labels(job.place.slug, "", outcome).inc()
