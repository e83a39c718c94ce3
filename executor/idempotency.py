"""One key, one execution: the row is there before any work, the answer is kept for 24 hours."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import F, Q, Value

from executor import digests, ending, selectors, settle
from executor.calls import Reply, Target
from executor.choices import CLAIMABLE, ExecutionStatus, Mode
from executor.models import Attempt, Execution, IdempotencyRecord
from integration_hub.coordination import dbtime
from integration_hub.coordination.statement import insert_unless_taken, write_together
from integration_hub.lib import clock
from integration_hub.lib.errors import (
    Fault,
    HubError,
    IdempotencyInProgress,
    IdempotencyKeyReused,
    ServiceUnavailable,
    ValidationFailed,
)
from integration_hub.sealing.field import seal
from integration_hub.sealing.keyring import CannotOpen

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEPT = timedelta(hours=24)
RETRY_AFTER_S = 1.0

_CLAIM_TRIES = 3
NO_ID = UUID(int=0)

_PRINTABLE = re.compile(r"[\x20-\x7e]{1,255}")


@dataclass(frozen=True, slots=True)
class Earlier:
    """What is known under a key: an answer, or a dead first call that may be taken over."""

    reply: Reply | None = None
    record: IdempotencyRecord | None = None
    execution: Execution | None = None


def check_key(key: str) -> None:
    """Raise ValidationFailed unless the key is 1–255 printable ASCII characters."""
    if not _PRINTABLE.fullmatch(key):
        raise ValidationFailed(
            f"{HEADER} takes 1 to 255 printable ASCII characters.",
            errors=[Fault("", f"{HEADER} is not 1 to 255 printable characters.", "HEADER")],
        )


def new_record(
    *, owner: str, target: Target, key: str, body: Any, execution: Execution
) -> IdempotencyRecord:
    """The unsaved row that claims `key`; the unique constraint decides who was first."""
    return IdempotencyRecord(
        owner=owner,
        instance_id=target.instance.id,
        method=target.method.name,
        key_digest=digests.of_text(key),
        body_digest=digests.of_body(body),
        execution_id=execution.pk,
        created_at=clock.now(),
    )


def record_for_many(owner: str, what: str, key: str, body: Any) -> IdempotencyRecord:
    """The unsaved row of a key for `what` is done to many executions at once."""
    check_key(key)
    return IdempotencyRecord(
        owner=owner,
        instance_id=NO_ID,
        method=what,
        key_digest=digests.of_text(key),
        body_digest=digests.of_body(body),
        execution_id=NO_ID,
        created_at=clock.now(),
    )


def keep_answer(record: IdempotencyRecord, reply: Reply) -> None:
    """Put the answer into the unsaved row: an async call's is known at once."""
    record.status_code = reply.status
    record.body = seal(record, "body", reply.body.decode())


def find(claim: IdempotencyRecord) -> Earlier | None:
    """What an earlier request under the same key left; None when the key is free.

    Raises IdempotencyKeyReused for another body, IdempotencyInProgress while the
    first still runs.
    """
    record = IdempotencyRecord.objects.filter(
        owner=claim.owner,
        instance_id=claim.instance_id,
        method=claim.method,
        key_digest=claim.key_digest,
    ).first()
    return _judged(claim, record)


def claim(record: IdempotencyRecord) -> Reply | None:
    """Insert an unsaved row; or the answer that was kept under its key. Raises as `find` does."""
    for _ in range(_CLAIM_TRIES):
        if insert_unless_taken(record, []):
            return None
        earlier = find(record)
        if earlier is not None and earlier.reply is not None:
            return earlier.reply
    raise IdempotencyInProgress(
        f"Another request with this {HEADER} is being answered; ask again.",
        retry_after=RETRY_AFTER_S,
    )


def find_all(claims: Sequence[IdempotencyRecord]) -> Iterator[Earlier | HubError | None]:
    """`find` for many claims of one owner by one look; what it would raise is given instead."""
    digests_wanted = [claim.key_digest for claim in claims]
    found = IdempotencyRecord.objects.filter(
        owner__in={claim.owner for claim in claims}, key_digest__in=digests_wanted
    )
    known = {_scope(record): record for record in found}
    for claim in claims:
        try:
            yield _judged(claim, known.get(_scope(claim)))
        except HubError as error:
            yield error


def _scope(record: IdempotencyRecord) -> tuple[str, UUID, str, str]:
    return record.owner, record.instance_id, record.method, record.key_digest


def _judged(claim: IdempotencyRecord, record: IdempotencyRecord | None) -> Earlier | None:
    if record is None or _expired(record):
        return None
    if record.body_digest != claim.body_digest:
        raise IdempotencyKeyReused(
            f"This {HEADER} was used for another body; use a new key for a new request."
        )
    if record.status_code is not None:
        return Earlier(reply=_replayed(record))
    return _unanswered(record)


def take_over(execution: Execution, target: Target) -> bool:
    """Claim a dead first call that is safe to run again. False when someone else was first."""
    lease = timedelta(milliseconds=execution.timeout_ms, seconds=settle.MARGIN_S)
    lost = Attempt(
        execution_id=execution.pk,
        number=execution.attempts + 1,
        started_at=execution.started_at or execution.created_at,
        duration_ms=0,
        code=ServiceUnavailable.code,
    )
    was_running = execution.status == ExecutionStatus.EXECUTING
    columns = {
        "status": ExecutionStatus.EXECUTING,
        "lease_until": dbtime.Now() + lease,
        "lease_owner": "",
        "fence": F("fence") + Value(1),
        "attempts": F("attempts") + Value(1 if was_running else 0),
        "sent": not target.safe,
        "deadline_at": None,
    }
    mine = Execution.objects.held(execution).filter(
        Q(status__in=CLAIMABLE) | Q(lease_until__lt=dbtime.Now(), status=ExecutionStatus.EXECUTING)
    )
    counts = write_together(
        inserts=[lost] if was_running else [], updates=[(mine, columns)], only_if_updated=True
    )
    if counts[0] == 1:
        execution.refresh_from_db()
    return counts[0] == 1


def _expired(record: IdempotencyRecord) -> bool:
    """Whether the key is free again; then its row is gone."""
    if record.created_at > clock.now() - KEPT:
        return False
    execution = Execution.objects.filter(pk=record.execution_id).first()
    if execution is not None and not execution.is_final:
        return False
    record.delete()
    return True


def _unanswered(record: IdempotencyRecord) -> Earlier | None:
    """The first request has stored no answer: it runs, or its process died."""
    execution = Execution.objects.filter(pk=record.execution_id).first()
    if execution is None or execution.status == ExecutionStatus.REJECTED:
        record.delete()
        return None
    if not execution.is_final and _is_lost(execution):
        if not execution.sent and not execution.cancel_requested:
            return Earlier(record=record, execution=execution)
        ending.settle_lost(execution)
        execution.refresh_from_db()
    if not execution.is_final:
        raise IdempotencyInProgress(
            f"The first request with this {HEADER} is still running; ask again for its answer.",
            retry_after=RETRY_AFTER_S,
            extra={"execution_id": str(execution.pk)},
        )
    return Earlier(reply=_from_execution(record, execution))


def _is_lost(execution: Execution) -> bool:
    """No process runs it: its lease has ended, or a dead sync call waits to be run again."""
    if execution.mode == Mode.SYNC and execution.status in CLAIMABLE:
        return True
    return Execution.objects.filter(pk=execution.pk).lost().exists()


def _from_execution(record: IdempotencyRecord, execution: Execution) -> Reply:
    """The answer that the first request would have had, kept from now on."""
    reply = selectors.reply_of(execution)
    keep_answer(record, reply)
    record.save(update_fields=["status_code", "body", "body_key"])
    return _marked(reply)


def _replayed(record: IdempotencyRecord) -> Reply:
    """The stored bytes, unchanged."""
    if record.body is None or record.status_code is None:
        raise ServiceUnavailable("The stored answer is being written; ask again.", retry_after=1)
    try:
        body = record.body.open(record)
    except CannotOpen as error:
        raise ServiceUnavailable(
            "The stored answer cannot be opened with the keys in FERNET_KEYS; put the key back "
            "that it was sealed under, or use a new key for a new request."
        ) from error
    return _marked(selectors.reply_again(record.execution_id, record.status_code, body.encode()))


def _marked(reply: Reply) -> Reply:
    return Reply(reply.status, reply.body, {**reply.headers, REPLAYED: "true"})
