"""Deadline → retry → circuit → limits → attempt: step 5, around the tries of one execution."""

from __future__ import annotations

import random
from dataclasses import dataclass

from django.db import transaction

from executor import attempt, circuits, shaping
from executor.choices import ExecutionStatus
from executor.outcome import HeldPermit, Outcome, status_for, verdict_for
from executor.run import Run
from integration_hub.coordination import guard
from integration_hub.coordination.guard import Permit
from integration_hub.lib import clock, pause
from integration_hub.lib.errors import (
    Cancelled,
    CircuitOpen,
    ConcurrencyLimitExceeded,
    HubError,
    IntegrationFailed,
    RateLimitExceeded,
    TimedOut,
)
from integration_hub.lib.errors import ConnectionFailed as ConnectionFault
from integration_hub.lib.resilience import retry

IN_PROCESS_WAIT_S = 2.0
"""A longer wait never holds a worker or a web thread (architecture, "Truth and delivery")."""

LIMITS = (RateLimitExceeded, ConcurrencyLimitExceeded)

_random = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class _Failure:
    """The last failed attempt, with what it still holds."""

    error: HubError
    held: HeldPermit


def perform(run: Run) -> Outcome:
    """Run until there is an outcome. Raises only ClaimLost."""
    try:
        body, has_body = shaping.shape_request(run.target, run.parameters)
    except HubError as error:
        return Outcome(status_for(error, safe=run.target.safe), error=error)
    last: _Failure | None = None
    while True:
        try:
            permit = _admit(run)
        except HubError as error:
            return _held_back(run, error, last)
        made = attempt.make(run, body, has_body=has_body)
        held = HeldPermit(permit, verdict_for(made.error), made.duration_ms)
        pause.point("after-call")
        if made.error is None:
            return Outcome(ExecutionStatus.COMPLETED, data=made.data, held=held)
        last = _Failure(_classified(run, made.error), held)
        wait = _next_wait(run, made)
        if wait is None:
            return _ended(run, last)
        if wait > IN_PROCESS_WAIT_S:
            return _postponed(run, last, wait)
        settle_permit(run, held)
        clock.sleep(wait)


def settle_permit(run: Run, held: HeldPermit) -> None:
    """Tell the circuit of an attempt that does not end the execution."""
    with transaction.atomic():
        moved = guard.settle(held.permit, outcome=held.verdict, duration_ms=held.duration_ms)
        circuits.announce(run.target, moved)


def _admit(run: Run) -> Permit:
    """A permit; waits for a rate or concurrency slot as long as the caller allows."""
    method, left = run.target.method, run.execution.max_wait_ms / 1000
    while True:
        run.deadline.check(sent=False)
        try:
            return guard.admit(
                scope=run.target.scope,
                circuit=method.circuit,
                limits=method.limits,
                slot_seconds=run.deadline.remaining() + 5,
                probe_seconds=method.timeout_ms / 1000 + 5,
            )
        except LIMITS as error:
            wait = max(error.retry_after or 0.05, 0.01)
            if wait > left or run.in_worker:
                raise
            clock.sleep(wait)
            left -= wait


def _classified(run: Run, error: HubError) -> HubError:
    """Say whether the same request may be sent again, by what failed and by safety."""
    if isinstance(error, (TimedOut, ConnectionFault, IntegrationFailed)):
        status = error.upstream_status
        transient = status is None or shaping.is_transient(run.target, status)
        error.retryable = transient and retry.may_repeat(
            idempotent=run.target.method.idempotent,
            has_upstream_key=bool(run.target.method.idempotency_header),
            sent=error.sent,
            status=status,
        )
    return error


def _next_wait(run: Run, made: attempt.Attempted) -> float | None:
    """Seconds until the next try, or None when there is to be none."""
    error, options = made.error, run.target.method.retry
    if error is None or not error.retryable or run.cancelled.is_set():
        return None
    if run.number > options.max_attempts:
        return None
    delay = retry.next_delay_ms(options, run.number - 1, _random, error.retry_after)
    wait = float(delay) / 1000
    return None if wait >= run.deadline.remaining() else wait


def _ended(run: Run, last: _Failure) -> Outcome:
    return Outcome(status_for(last.error, safe=run.target.safe), error=last.error, held=last.held)


def _postponed(run: Run, last: _Failure, wait: float) -> Outcome:
    """A worker plans the retry on the row; a sync call ends with its last error and the wait."""
    if run.in_worker:
        return Outcome(ExecutionStatus.RETRYING, error=last.error, held=last.held, retry_in=wait)
    last.error.retry_after = max(wait, last.error.retry_after or 0.0)
    return _ended(run, last)


def _held_back(run: Run, error: HubError, last: _Failure | None) -> Outcome:
    """No permit: parked, refused if nothing was tried, else the last real failure stands."""
    target = run.target  # the guard knows its scope alone, which begins with an id
    error.detail = error.detail.replace(
        target.scope, f"{target.instance.slug}.{target.method.name}"
    )
    tried = run.execution.attempts > 0 or last is not None
    if run.in_worker and _is_parked(error, tried=tried):
        wait = max(error.retry_after or 1.0, 0.05)
        if not tried:
            return Outcome(ExecutionStatus.QUEUED, error=error, retry_in=wait)
        # The deadline began with the first try: a wait that outlives it is none.
        if wait < run.deadline.remaining():
            return Outcome(ExecutionStatus.RETRYING, error=error, retry_in=wait)
    if last is not None and not isinstance(error, Cancelled):
        last.error.retry_after = error.retry_after or last.error.retry_after
        return Outcome(status_for(last.error, safe=run.target.safe), error=last.error)
    status = status_for(error, safe=run.target.safe)
    if tried and status == ExecutionStatus.REJECTED:
        status = ExecutionStatus.FAILED  # an earlier try may have reached the external system
    return Outcome(status, error=error)


def _is_parked(error: HubError, *, tried: bool) -> bool:
    """What a worker waits out: a limit always, an open circuit once the call has begun."""
    return isinstance(error, LIMITS) or (tried and isinstance(error, CircuitOpen))
