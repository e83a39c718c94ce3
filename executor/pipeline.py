"""The life of a call from step 4 to its end, the same for REST, workers, admin and commands."""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, connection

from executor import cancelling, ending, loop, payloads, settle
from executor.caching import serving
from executor.calls import Reply, Target
from executor.cancelling import CancelFlag
from executor.choices import ExecutionStatus
from executor.claims import ClaimLost
from executor.followups import kinds as followups
from executor.followups import progress
from executor.models import Execution, IdempotencyRecord, Payload
from executor.outcome import Outcome, status_for
from executor.run import Run
from integration_hub.coordination import revision
from integration_hub.egress.door import Deadline
from integration_hub.lib import clock, log, metrics, tracing
from integration_hub.lib.errors import HubError, InternalFailure, ServiceUnavailable
from registry import runtime

AGAIN_S = 2.0
"""After which a worker takes up what it could not begin without the database, and as much more."""

_logger = log.get(__name__)
_random = random.SystemRandom()


def sync_run(
    execution: Execution,
    payload: Payload,
    target: Target,
    parameters: Mapping[str, Any],
    *,
    fresh: bool = False,
) -> Run:
    """A run whose caller waits for the answer; its time begins. `fresh` takes no kept answer."""
    cancelled = CancelFlag(execution.pk)
    return Run(
        execution=execution,
        payload=payload,
        target=target,
        parameters=parameters,
        deadline=Deadline(execution.timeout_ms / 1000, cancelled=cancelled),
        cancelled=cancelled,
        followup=followups.begin(target, parameters),
        fresh=fresh or execution.replay_of is not None,
    )


def run_sync(run: Run, record: IdempotencyRecord | None = None) -> Reply:
    """Run an execution that this thread has just inserted or taken over, and answer.

    Raises ClaimLost when another process settled it meanwhile.
    """
    run.begin()
    outcome = _performed(run)
    return settle.settle(run, outcome, record)


def run_claimed(execution: Execution, *, cancelled: threading.Event) -> Outcome | None:
    """Run an execution that a worker has claimed, to a final state or to a planned retry.

    What came of it, or None when it could not be run or is no longer ours.

    Every write holds only while the claim (its `fence`) stands; when it was lost,
    nothing is written. `cancelled` ends a blocked call within a second.
    """
    try:
        with revision.scope():
            return _run_claimed(execution, cancelled)
    except ClaimLost:
        _logger.info("claim_lost", execution_id=str(execution.pk))
        return None


def _run_claimed(execution: Execution, cancelled: threading.Event) -> Outcome | None:
    if execution.cancel_requested:
        cancelled.set()  # asked for while it waited: it is not sent
    try:
        run = _resumed(execution, cancelled)
    except HubError as error:
        # Deleted, purged or unreadable meanwhile: there is nothing to run it with.
        ending.finish(execution, status=status_for(error, safe=True), error=error)
        return None
    outcome = _performed(run)
    if outcome.retry_in is not None:
        settle.postpone(run, outcome)
        cancelling.end_if_asked(execution)
    else:
        settle.settle(run, outcome)
    return outcome


def _resumed(execution: Execution, cancelled: threading.Event) -> Run:
    instance = runtime.by_id(execution.instance_id)
    if execution.replay_of is not None:
        instance = runtime.at_version(instance, execution.definition_id)
    payload = Payload.objects.filter(pk=execution.pk).first()
    parameters = payloads.open_parameters(payload)
    run = Run(
        execution=execution,
        payload=payload or Payload(id=execution.pk),
        target=Target(instance, instance.method(execution.method)),
        parameters=parameters,
        deadline=Deadline(_seconds_left(execution), cancelled=cancelled),
        cancelled=cancelled,
        in_worker=True,
        fresh=execution.replay_of is not None,
    )
    progress.resume(run)
    return run


def _seconds_left(execution: Execution) -> float:
    """Of the total deadline, which begins with the first try: time in the queue is not its."""
    whole = timedelta(milliseconds=execution.timeout_ms)
    if execution.attempts == 0 or execution.deadline_at is None:
        return whole.total_seconds()
    return min(whole, execution.deadline_at - clock.now()).total_seconds()


def _performed(run: Run) -> Outcome:
    slug, method = run.target.instance.slug, run.target.method.name
    active = metrics.active_requests.labels(slug, method)
    active.inc()
    execution = run.execution
    bound = structlog.contextvars.bind_contextvars(
        execution_id=str(execution.pk), integration=slug, method=method
    )
    try:
        with tracing.span(
            f"{slug}.{method}",
            parent=(execution.traceparent or "") if run.in_worker else "",
            execution_id=str(execution.pk),
            integration=slug,
            method_name=method,
        ) as span:
            outcome = _carried_out(run)
            if outcome.error is not None:
                span.fail(outcome.error.code)
            span.note(execution_status=outcome.status.value)
            return outcome
    finally:
        structlog.contextvars.reset_contextvars(**bound)
        active.dec()


def _carried_out(run: Run) -> Outcome:
    """Whatever happens is an outcome; raises ClaimLost alone, and what ends the worker."""
    try:
        if run.target.method.cache_seconds:
            return serving.perform(run, loop.perform)
        return loop.perform(run)
    except ClaimLost:
        raise
    except (OperationalError, InterfaceError) as error:
        return _without_database(run, error)
    except Exception as error:
        if run.in_worker and isinstance(error, MemoryError):
            raise  # the worker ends with it: see delivery
        return _own_fault(run, error)


def _own_fault(run: Run, fault: Exception) -> Outcome:
    """The row must still end, and the trace is in the log."""
    _logger.error("pipeline_failed", execution_id=str(run.execution.pk), exc_info=fault)
    error = InternalFailure(
        "The hub failed while it ran this call; the log has the trace under its id."
    )
    return Outcome(status_for(error, safe=run.target.safe), error=error)


def _without_database(run: Run, fault: Exception) -> Outcome:
    """It went away in the middle: what has not been sent, or may be sent again, is not failed."""
    if run.records and not (run.in_worker and run.safe_now):
        return _own_fault(run, fault)
    if not connection.in_atomic_block:
        connection.close()  # a thread of a worker would keep it
    wait = AGAIN_S + _random.uniform(0.0, AGAIN_S)
    _logger.warning(
        "run_without_database", execution_id=str(run.execution.pk), error=type(fault).__name__
    )
    error = ServiceUnavailable(
        "The hub lost its database before it could send this call.", retry_after=wait
    )
    tried = run.execution.attempts > 0 or bool(run.records) or run.underway
    if not run.in_worker:
        return Outcome(status_for(error, safe=True), error=error)
    if not tried:
        return Outcome(ExecutionStatus.QUEUED, error=error, retry_in=wait)
    if wait < run.deadline.remaining():
        return Outcome(ExecutionStatus.RETRYING, error=error, retry_in=wait)
    return Outcome(ExecutionStatus.FAILED, error=error)
