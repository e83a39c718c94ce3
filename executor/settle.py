"""How an execution ends: one conditional write with everything that follows from it (step 10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Model, Value

from executor import answers, circuits, dbclock, news, payloads
from executor.calls import Reply
from executor.choices import ACTIVE, ExecutionStatus, Mode
from executor.claims import ClaimLost
from executor.models import Attempt, Execution, IdempotencyRecord, Payload
from executor.outcome import Outcome
from executor.querysets import ExecutionQuerySet
from executor.run import Run
from integration_hub.coordination import dbtime, guard
from integration_hub.coordination.statement import RowUpdate, Update, write_together
from integration_hub.events.models import Event
from integration_hub.lib import clock, jsonsafe, log, metrics, pause
from integration_hub.lib.errors import (
    Cancelled,
    ConnectionFailed,
    HubError,
    Poisoned,
    ServiceUnavailable,
)
from integration_hub.sealing.field import seal

_logger = log.get(__name__)

MARGIN_S = 15
"""A sync row's lease outlives its deadline by this: time to settle, and for clocks to differ."""

MAX_SYNC_DEATHS = 3
"""A sync call that took its process with it this often is poison (workers count their own)."""

_ACTIVE = tuple(sorted(status.value for status in ACTIVE))
_NO_CLAIM: dict[str, Any] = {"lease_until": None, "lease_owner": ""}
_UNCLAIMED = _NO_CLAIM | {"cancel_requested": False}


def settle(run: Run, outcome: Outcome, record: IdempotencyRecord | None = None) -> Reply:
    """Write the end of a run and answer; the answer is stored under its idempotency key.

    Raises ClaimLost, with nothing written, when the claim no longer stands.
    """
    execution = run.execution
    _fill(run, outcome)
    completed = outcome.status == ExecutionStatus.COMPLETED
    kept = payloads.settle(run, outcome.data, has_data=completed)
    problem: dict[str, Any] | None = None
    if outcome.error is not None:
        problem = kept.redactor.value(answers.problem_of(execution, outcome.error))
    execution.error = jsonsafe.dumps_text(problem) if problem else ""
    reply = (
        answers.failed(problem) if problem is not None else answers.completed(execution, kept.shown)
    )
    extra: list[Event] = [
        news.of_end(execution, problem),
        *news.of_limit(execution, outcome.error),
    ]
    changes: list[Update] = [RowUpdate(Payload, {"pk": execution.pk}, kept.columns)]
    if record is not None and outcome.status != ExecutionStatus.REJECTED:
        changes.append(_answer_kept(record, reply))
    pause.point("before-settle")
    _write(run, outcome, _columns(execution), extra, changes)
    _count(run, outcome)
    return reply


def postpone(run: Run, outcome: Outcome) -> None:
    """Plan the next try on the row and let go of it. Raises ClaimLost."""
    execution = run.execution
    tried = bool(run.records) or execution.attempts > 0
    if run.records and execution.deadline_at is None:
        execution.deadline_at = run.started_at + timedelta(milliseconds=execution.timeout_ms)
    execution.attempts += len(run.records)
    wait = timedelta(seconds=outcome.retry_in or 0)
    columns = _NO_CLAIM | {
        "status": ExecutionStatus.RETRYING if tried else ExecutionStatus.QUEUED,
        "due_at": dbclock.now() + wait,
        "sent": False,  # another try is only planned when this one did nothing outside
        "attempts": execution.attempts,
        "deadline_at": execution.deadline_at,
        "code": outcome.error.code if outcome.error else "",
    }
    if run.records:
        columns |= {
            "started_at": execution.started_at or run.started_at,
            "credential_id": run.credential_id,
            "credential_revision": run.credential_revision,
        }
    kept = payloads.settle(run, None, has_data=False)
    changes: list[Update] = [RowUpdate(Payload, {"pk": execution.pk}, kept.columns)]
    _write(run, outcome, columns, news.of_limit(execution, outcome.error), changes)


def finish(execution: Execution, *, status: ExecutionStatus, error: HubError) -> bool:
    """End an execution that is not running here. False when its claim moved on or it is final."""
    held = Execution.objects.held(execution)
    return finish_where(held, execution, status=status, error=error)


def finish_where(
    rows: ExecutionQuerySet, execution: Execution, *, status: ExecutionStatus, error: HubError
) -> bool:
    """End `execution` only if `rows` still holds it. Its object is changed only on success."""
    finished_at = clock.now()
    problem = answers.problem_of(execution, error)
    columns = _UNCLAIMED | {
        "status": status.value,
        "code": error.code,
        "error": jsonsafe.dumps_text(problem),
        "finished_at": finished_at,
    }
    event = news.of_end(execution, problem, status=status)
    with transaction.atomic():
        counts = write_together(inserts=[event], updates=[(rows, columns)], only_if_updated=True)
        if not counts[0]:
            return False
        if status == ExecutionStatus.REJECTED:
            IdempotencyRecord.objects.filter(execution_id=execution.pk).delete()
    execution.status, execution.code, execution.error = status, error.code, str(columns["error"])
    execution.finished_at = finished_at
    slug, method = execution.instance_slug, execution.method
    metrics.executions_total.labels(slug, method, status.value).inc()
    return True


def settle_poisoned(execution: Execution) -> bool:
    """End an execution that killed its worker three times."""
    error = Poisoned(
        "Running this call ended its worker process three times; it is not tried again. The log of "
        "the workers says how they died."
    )
    return finish(execution, status=ExecutionStatus.FAILED, error=error)


def settle_lost(execution: Execution) -> bool:
    """Decide a running execution whose lease has ended: its process is gone.

    Bytes may have left and the call is not safe to repeat: `outcome_unknown`. A
    cancel was asked for: cancelled. Else it goes back to the queue, the lost try
    counted. False when someone else was first.
    """
    if execution.sent:
        error: HubError = ConnectionFailed(
            "The process that ran this call ended before the answer arrived, after bytes may have "
            "left. The call is not safe to repeat: look at the external system before you replay.",
            retryable=False,
        )
        return finish(execution, status=ExecutionStatus.OUTCOME_UNKNOWN, error=error)
    if execution.cancel_requested:
        return finish(
            execution,
            status=ExecutionStatus.CANCELLED,
            error=Cancelled("The execution was cancelled; the process that ran it is gone."),
        )
    if execution.mode == Mode.SYNC and execution.attempts + 1 >= MAX_SYNC_DEATHS:
        return settle_poisoned(execution)
    return _requeue(execution)


def _requeue(execution: Execution) -> bool:
    lost = ServiceUnavailable("The process that ran this attempt ended before it was done.")
    attempt = Attempt(
        execution_id=execution.pk,
        number=execution.attempts + 1,
        started_at=execution.started_at or execution.created_at,
        duration_ms=0,
        code=lost.code,
    )
    columns = _NO_CLAIM | {
        "status": ExecutionStatus.RETRYING,
        "due_at": dbtime.Now(),
        "deadline_at": None,
        "attempts": F("attempts") + Value(1),
        "fence": F("fence") + Value(1),
    }
    held = Execution.objects.held(execution).lost()
    counts = write_together(inserts=[attempt], updates=[(held, columns)], only_if_updated=True)
    return bool(counts[0])


def _fill(run: Run, outcome: Outcome) -> None:
    execution = run.execution
    execution.status = outcome.status
    execution.attempts += len(run.records)
    execution.code = outcome.error.code if outcome.error else ""
    execution.credential_id = run.credential_id
    execution.credential_revision = run.credential_revision
    execution.started_at = execution.started_at or run.started_at
    execution.finished_at = clock.now()
    execution.duration_ms = run.elapsed_ms()


def _columns(execution: Execution) -> dict[str, Any]:
    """What a final execution writes to its row."""
    names = (
        "status",
        "attempts",
        "code",
        "error",
        "credential_id",
        "credential_revision",
        "started_at",
        "finished_at",
        "duration_ms",
    )
    return {**_UNCLAIMED, **{name: getattr(execution, name) for name in names}}


def _answer_kept(record: IdempotencyRecord, reply: Reply) -> Update:
    sealed = seal(record, "body", reply.body.decode())
    columns = {"status_code": reply.status, "body": sealed, "body_key": sealed.key_id}
    return RowUpdate(IdempotencyRecord, {"pk": record.pk}, columns)


def _write(
    run: Run,
    outcome: Outcome,
    columns: Mapping[str, Any],
    extra: Sequence[Event],
    changes: Sequence[Update],
) -> None:
    """One statement on PostgreSQL; a transaction around it only when something else joins."""
    state = None if outcome.retry_in is not None else news.new_state(run, outcome.error)
    rejected = outcome.status == ExecutionStatus.REJECTED
    joined = state is not None or rejected or not settings.REDIS_URL
    around: AbstractContextManager[Any] = transaction.atomic() if joined else nullcontext()
    inserts: list[Model] = [*_attempts(run), *extra]
    with around:
        if outcome.held is not None:
            held = outcome.held
            moved = guard.settle(held.permit, outcome=held.verdict, duration_ms=held.duration_ms)
            inserts += circuits.news(run.target, moved)
        if state is not None:
            inserts += news.change_state(run, state, outcome.error)
        counts = write_together(
            inserts=inserts,
            updates=[_held(run.execution, columns), *changes],
            only_if_updated=True,
        )
        if counts[0] != 1:
            raise ClaimLost(str(run.execution.pk))
        if rejected:
            IdempotencyRecord.objects.filter(execution_id=run.execution.pk).delete()


def _held(execution: Execution, columns: Mapping[str, Any]) -> Update:
    """The row while our claim stands: `ExecutionQuerySet.held`, cheaper where values are plain."""
    where = {"pk": execution.pk, "fence": execution.fence, "status": _ACTIVE}
    return RowUpdate(Execution, where, columns)


def _attempts(run: Run) -> list[Attempt]:
    return [
        Attempt(
            execution_id=run.execution.pk,
            number=record.number,
            started_at=record.started_at,
            duration_ms=record.duration_ms,
            status_code=record.status_code,
            code=record.code,
            timings=jsonsafe.dumps_text(dict(record.timings)),
        )
        for record in run.records
    ]


def _count(run: Run, outcome: Outcome) -> None:
    slug, method = run.target.instance.slug, run.target.method.name
    metrics.executions_total.labels(slug, method, outcome.status.value).inc()
    metrics.execution_seconds.labels(slug, method).observe((run.execution.duration_ms or 0) / 1000)
