"""How executions end that do not run here: waiting ones, and those whose process is gone."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F, Value

from executor import answers, news
from executor.choices import ExecutionStatus, Mode
from executor.claims import NO_CLAIM, UNCLAIMED
from executor.models import Attempt, Execution, IdempotencyRecord
from executor.querysets import ExecutionQuerySet
from integration_hub.coordination import dbtime
from integration_hub.coordination.statement import write_together
from integration_hub.lib import clock, jsonsafe, metrics
from integration_hub.lib.errors import (
    Cancelled,
    ConnectionFailed,
    HubError,
    Poisoned,
    ServiceUnavailable,
)

MAX_SYNC_DEATHS = 3
"""A sync call that took its process with it this often is poison (workers count their own)."""


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
    columns = UNCLAIMED | {
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
    columns = NO_CLAIM | {
        "status": ExecutionStatus.RETRYING,
        "due_at": dbtime.Now(),
        "deadline_at": None,
        "attempts": F("attempts") + Value(1),
        "fence": F("fence") + Value(1),
    }
    held = Execution.objects.held(execution).lost()
    counts = write_together(inserts=[attempt], updates=[(held, columns)], only_if_updated=True)
    return bool(counts[0])
