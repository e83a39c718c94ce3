"""Deadline → retry → circuit → limits → attempt: step 5, around the tries of one execution."""

from __future__ import annotations

import random
from dataclasses import dataclass

from django.db import transaction

from executor import circuits, entering, holding, reauth, repeats, trial
from executor.attempt import Attempted
from executor.choices import ExecutionStatus
from executor.entering import LIMITS
from executor.followups import progress
from executor.outcome import HeldPermit, Outcome, reached_for, status_for, verdict_for
from executor.run import Entered, Run
from integration_hub.lib import clock, pause
from integration_hub.lib.errors import (
    Cancelled,
    CircuitOpen,
    HubError,
    TimedOut,
)
from integration_hub.lib.resilience import retry

IN_PROCESS_WAIT_S = 2.0
"""A longer wait never holds a worker or a web thread (architecture, "Truth and delivery")."""

LATER_S = 5.0
"""After which a retry that the budget refused asks it again."""

MAX_REQUESTS = 2_000
"""Of one run, tries included: what its end writes stays one bounded statement."""

IN_WORKER_WAIT_S = 0.25
"""A worker waits that long in place for its turn, as a drain that looks for due rows would."""

PARKED_S = 86_400.0
"""What is parked waits for its turn, however far away."""

_random = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class _Failure:
    """The last failed attempt, with what it still holds."""

    error: HubError
    held: HeldPermit | None


def perform(run: Run) -> Outcome:
    """Run until there is an outcome. Raises only ClaimLost."""
    try:
        body, has_body = entering.shape(run)
    except HubError as error:
        return Outcome(status_for(error, safe=run.target.safe), error=error)
    if repeats.is_unpaid(run) and not repeats.pay(run):
        return _over_budget(run, None, 0.0)
    last: _Failure | None = None
    while True:
        try:
            permit, first = _admit(run)
        except HubError as error:
            return _held_back(run, error, last)
        repeats.count(run)
        made = trial.attempt_with_grace(run, body, has_body=has_body)
        holding.learn(run, made, first=first)
        held = HeldPermit(
            permit, verdict_for(made.error), made.duration_ms, reached_for(made.error)
        )
        pause.point("after-call")
        if made.error is None:
            last, outcome = None, _succeeded(run, made, held)
        elif reauth.renewed(run, made.error):
            settle_permit(run, held)
            continue
        else:
            last = _Failure(repeats.classified(run.target, made.error, safe=run.safe_now), held)
            outcome = _failed(run, made, last)
        if outcome is not None:
            return outcome


def _failed(run: Run, made: Attempted, last: _Failure) -> Outcome | None:
    """None to try again now, else how the run ends or parts."""
    wait = _next_wait(run, made)
    if wait is None:
        return _ended(run, last)
    later = wait > IN_PROCESS_WAIT_S
    if later and not run.in_worker:
        return _told_when(run, last, wait)
    if not repeats.pay(run, asked_for=later and last.error.retry_after is not None):
        return _over_budget(run, last, wait)
    if later:
        return Outcome(ExecutionStatus.RETRYING, error=last.error, held=last.held, retry_in=wait)
    if last.held is not None:
        settle_permit(run, last.held)
    clock.sleep(wait)
    return None


def _succeeded(run: Run, made: Attempted, held: HeldPermit) -> Outcome | None:
    """None to make the next of several requests now, else how the run ends or parts."""
    wait = made.wait
    if wait is None:
        return Outcome(ExecutionStatus.COMPLETED, data=made.data, held=held)
    settle_permit(run, held)
    run.step_done()
    progress.secure(run)
    pause.point("after-secure")
    if run.cancelled.is_set() or wait <= IN_PROCESS_WAIT_S:
        clock.sleep(min(wait, run.deadline.remaining()))
        return None
    if run.in_worker and wait < run.deadline.remaining():
        return Outcome(ExecutionStatus.RETRYING, retry_in=wait)
    late = TimedOut(
        f"The external system is at work, and its answer is due in {wait:.0f} s, which is longer "
        "than this call may wait: use mode async and a longer timeout_ms.",
        sent=True,
        retry_after=wait,
    )
    return _ended(run, _Failure(late, None))


def settle_permit(run: Run, held: HeldPermit) -> None:
    """Tell the circuit of an attempt that does not end the execution."""
    with transaction.atomic():
        circuits.announce(run.target, circuits.settling(held)(), held)


def _admit(run: Run) -> Entered:
    """A permit, and whether this call is the first after a hold.

    Waits for a rate or concurrency slot as long as the caller allows.
    """
    left = IN_WORKER_WAIT_S if run.in_worker else run.execution.max_wait_ms / 1000
    while True:
        repeats.check_time(run)
        try:
            return entering.enter(run, PARKED_S if run.in_worker else left)
        except LIMITS as error:
            wait = entering.wait_for(error)
            if wait > left:
                raise
            clock.sleep(wait)
            run.wait_ms += wait * 1000
            left -= wait


def _next_wait(run: Run, made: Attempted) -> float | None:
    """Seconds until the next try, or None when there is to be none."""
    error, options = made.error, run.target.method.retry
    if error is None or not error.retryable or run.cancelled.is_set():
        return None
    if isinstance(error, TimedOut) and error.upstream_status is not None:
        return None  # every look was answered: it is the job that takes too long
    if run.tries >= options.max_attempts or len(run.records) >= MAX_REQUESTS:
        return None
    delay = retry.next_delay_ms(options, run.tries, _random, error.retry_after)
    wait = float(delay) / 1000
    return wait if wait + repeats.least_seconds(run.target) <= run.deadline.remaining() else None


def _ended(run: Run, last: _Failure) -> Outcome:
    _tell_of_progress(run, last.error)
    return Outcome(status_for(last.error, safe=run.target.safe), error=last.error, held=last.held)


def _tell_of_progress(run: Run, error: HubError) -> None:
    """What a caller must know of a run that ended between its first request and its last."""
    if run.followup is None or not run.underway:
        return
    error.extra.update(run.followup.so_far())
    if not run.target.safe:
        error.retryable = False  # repeating it would begin again with the first request
        if isinstance(error, TimedOut):
            error.sent = True


def _told_when(run: Run, last: _Failure, wait: float) -> Outcome:
    """A sync call does not wait long: it ends with its last error and the wait."""
    last.error.retry_after = max(wait, last.error.retry_after or 0.0)
    return _ended(run, last)


def _over_budget(run: Run, last: _Failure | None, wait: float) -> Outcome:
    """Too many calls are retries already: a worker asks again later, a sync call ends."""
    later = max(wait, LATER_S) + _random.uniform(0.0, LATER_S)
    if run.in_worker and later + repeats.least_seconds(run.target) <= run.deadline.remaining():
        return repeats.unpaid(held=last.held if last else None, retry_in=later)
    if last is None:
        return Outcome(ExecutionStatus.FAILED, error=repeats.refusal(run.target, later))
    return _told_when(run, last, later)


def _held_back(run: Run, error: HubError, last: _Failure | None) -> Outcome:
    """No permit: parked, refused if nothing was tried, else the last real failure stands."""
    entering.give_back(run)
    error = entering.named(run.target, error)
    tried = run.execution.attempts > 0 or last is not None or run.underway
    if run.in_worker and _is_parked(error, tried=tried):
        wait = max(error.retry_after or 1.0, 0.05)
        if not tried:
            return Outcome(ExecutionStatus.QUEUED, error=error, retry_in=wait)
        # The deadline began with the first try: a wait that outlives it is none.
        if wait < run.deadline.remaining():
            return Outcome(ExecutionStatus.RETRYING, error=error, retry_in=wait)
    _tell_of_progress(run, error if last is None else last.error)
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
