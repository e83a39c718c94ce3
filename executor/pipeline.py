"""The life of a call from step 4 to its end, the same for REST, workers, admin and commands."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from executor import loop, payloads, settle
from executor.calls import Reply, Target
from executor.cancelling import CancelFlag
from executor.claims import ClaimLost
from executor.models import Execution, IdempotencyRecord, Payload
from executor.outcome import Outcome, status_for
from executor.run import Run
from integration_hub.coordination import revision
from integration_hub.egress.door import Deadline
from integration_hub.lib import clock, log, metrics
from integration_hub.lib.errors import HubError, InternalFailure
from registry import runtime

_logger = log.get(__name__)


def run_sync(
    execution: Execution,
    payload: Payload,
    target: Target,
    parameters: Mapping[str, Any],
    record: IdempotencyRecord | None = None,
) -> Reply:
    """Run an execution that this thread has just inserted or taken over, and answer.

    Raises ClaimLost when another process settled it meanwhile.
    """
    cancelled = CancelFlag(execution.pk)
    run = Run(
        execution=execution,
        payload=payload,
        target=target,
        parameters=parameters,
        deadline=Deadline(execution.timeout_ms / 1000, cancelled=cancelled),
        cancelled=cancelled,
    )
    outcome = _performed(run)
    return settle.settle(run, outcome, record)


def run_claimed(execution: Execution, *, cancelled: threading.Event) -> None:
    """Run an execution that a worker has claimed, to a final state or to a planned retry.

    Every write holds only while the claim (its `fence`) stands; when it was lost,
    nothing is written. `cancelled` ends a blocked call within a second.
    """
    try:
        with revision.scope():
            _run_claimed(execution, cancelled)
    except ClaimLost:
        _logger.info("claim_lost", execution_id=str(execution.pk))


def _run_claimed(execution: Execution, cancelled: threading.Event) -> None:
    try:
        run = _resumed(execution, cancelled)
    except HubError as error:
        # Deleted, purged or unreadable meanwhile: there is nothing to run it with.
        settle.finish(execution, status=status_for(error, safe=True), error=error)
        return
    outcome = _performed(run)
    if outcome.retry_in is not None:
        settle.postpone(run, outcome)
    else:
        settle.settle(run, outcome)


def _resumed(execution: Execution, cancelled: threading.Event) -> Run:
    instance = runtime.by_id(execution.instance_id)
    payload = Payload.objects.filter(pk=execution.pk).first()
    parameters = payloads.open_parameters(payload)
    return Run(
        execution=execution,
        payload=payload or Payload(id=execution.pk),
        target=Target(instance, instance.method(execution.method)),
        parameters=parameters,
        deadline=Deadline(_seconds_left(execution), cancelled=cancelled),
        cancelled=cancelled,
        in_worker=True,
    )


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
    try:
        return loop.perform(run)
    except ClaimLost:
        raise
    except Exception:
        # Our own fault: the row must still end, and the trace is in the log.
        _logger.exception("pipeline_failed", execution_id=str(run.execution.pk))
        error = InternalFailure(
            "The hub failed while it ran this call; the log has the trace under its id."
        )
        return Outcome(status_for(error, safe=run.target.safe), error=error)
    finally:
        active.dec()
