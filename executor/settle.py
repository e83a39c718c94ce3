"""How a run ends: one conditional write with everything that follows from it (step 10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Model

from executor import answers, circuits, dbclock, news, payloads
from executor.calls import Reply
from executor.choices import ACTIVE, ExecutionStatus
from executor.claims import NO_CLAIM, UNCLAIMED, ClaimLost
from executor.followups import progress
from executor.models import Attempt, Execution, IdempotencyRecord, Payload
from executor.outcome import Outcome
from executor.run import Run
from integration_hub.coordination import rows
from integration_hub.coordination.statement import RowUpdate, Update, write_together
from integration_hub.events.models import Event
from integration_hub.lib import clock, jsonsafe, log, metrics, pause
from integration_hub.sealing.field import seal

_logger = log.get(__name__)

MARGIN_S = 15
"""A sync row's lease outlives its deadline by this: time to settle, and for clocks to differ."""

KEPT_S = 60.0
KEPT_RETRY_S = 0.5

_ACTIVE = tuple(sorted(status.value for status in ACTIVE))


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
        answers.failed(problem)
        if problem is not None
        else answers.completed(execution, kept.shown, kept.notes)
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
    if run.resumed:
        progress.forget(run)
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
    columns = NO_CLAIM | {
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
            "timings": run.timings_text(),
        }
    kept = payloads.settle(run, None, has_data=False)
    changes: list[Update] = [RowUpdate(Payload, {"pk": execution.pk}, kept.columns)]
    events = news.of_limit(execution, outcome.error)
    if not run.underway:
        return _write(run, outcome, columns, events, changes)
    with transaction.atomic():
        progress.keep(run)
        _write(run, outcome, columns, events, changes)
    return None


def _fill(run: Run, outcome: Outcome) -> None:
    execution = run.execution
    execution.status = outcome.status.value
    execution.attempts += len(run.records)
    execution.code = outcome.error.code if outcome.error else ""
    execution.credential_id = run.credential_id
    execution.credential_revision = run.credential_revision
    execution.started_at = execution.started_at or run.started_at
    execution.finished_at = clock.now()
    execution.duration_ms = run.elapsed_ms()
    execution.timings = run.timings_text()


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
        "timings",
    )
    return {**UNCLAIMED, **{name: getattr(execution, name) for name in names}}


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
    """A worker keeps what came of a call until the database takes it, for a minute at most.

    Repeating is safe: had an earlier try been committed, the claim would be gone.
    """
    ends_at: float | None = None
    while True:
        try:
            return _write_once(run, outcome, columns, extra, changes)
        except (OperationalError, InterfaceError) as error:
            if not run.in_worker or connection.in_atomic_block:
                raise
            ends_at = ends_at or clock.monotonic() + KEPT_S
            if clock.monotonic() >= ends_at:
                raise
            _logger.warning(
                "settling_waits", execution_id=str(run.execution.pk), error=type(error).__name__
            )
            connection.close()
            if settings.REDIS_URL:
                outcome = replace(outcome, held=None)  # the circuit has been told
            clock.sleep(KEPT_RETRY_S)


def _write_once(
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
    inserts: list[Model] = [*_attempts(run), *extra, *([run.file] if run.file else ())]
    with around, circuits.told(run.target, outcome.held):
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
        rows.new(
            Attempt,
            execution_id=run.execution.pk,
            number=record.number,
            started_at=record.started_at,
            duration_ms=record.duration_ms,
            status_code=record.status_code,
            code=record.code,
            timings=jsonsafe.dumps_text(dict(record.timings)),
            request_bytes=record.request_bytes,
            response_bytes=record.response_bytes,
        )
        for record in run.records
    ]


def _count(run: Run, outcome: Outcome) -> None:
    slug, method = run.target.instance.slug, run.target.method.name
    metrics.executions_total.labels(slug, method, outcome.status.value).inc()
    metrics.execution_seconds.labels(slug, method).observe((run.execution.duration_ms or 0) / 1000)
