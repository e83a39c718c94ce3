"""A call of a method with `cache_seconds`: from the cache, or made once for all who ask now.

An answer from the cache is an execution like any other, with 0 attempts. Of equal calls
at one moment the first fetches and the others wait for it, at most two seconds and half
of what they have left; then they call themselves.
"""

from __future__ import annotations

from collections.abc import Callable

from credentials import runtime as credentials
from executor import masking
from executor.caching import entries
from executor.caching.entries import Entry
from executor.choices import ExecutionStatus
from executor.outcome import Outcome
from executor.run import Run
from integration_hub.lib import clock, errors

WAIT_S = 2.0
_LOOK_EVERY_S = 0.02

Perform = Callable[[Run], Outcome]


def perform(run: Run, fetch: Perform) -> Outcome:
    """The outcome of a run whose method is cached. Raises what `fetch` raises."""
    try:
        use = credentials.use_for(run.target.instance, run.deadline)
    except errors.HubError:
        return fetch(run)  # which says it as every call does
    key = entries.key_of(run.target, run.parameters, use)
    if run.fresh:
        return _kept(run, key, fetch(run))
    found = _fresh(run, key)
    leased = found is None and _leased(run, key)
    try:
        # Another call may have fetched it while this one waited for the lease.
        found = found or _fresh(run, key)
        if found is None:
            return _kept(run, key, fetch(run))
        run.learn(use.secrets)
        run.credential_id, run.credential_revision = use.credential_id, use.revision
        return _answered(run, found)
    finally:
        if leased:
            entries.release(key)


def _leased(run: Run, key: str) -> bool:
    """Wait until this call is the one that fetches, or there is an answer, or no longer."""
    left = min(WAIT_S, run.deadline.remaining() / 2)
    while not entries.lease(key):
        if left <= 0 or run.cancelled.is_set() or _fresh(run, key) is not None:
            return False
        clock.sleep(_LOOK_EVERY_S)
        left -= _LOOK_EVERY_S
    return True


def _fresh(run: Run, key: str) -> Entry | None:
    found = entries.find(key)
    return found if found is not None and found.age < run.target.method.cache_seconds else None


def _answered(run: Run, found: Entry, *, stale: bool = False) -> Outcome:
    run.notes = {
        **found.notes,
        "cached": True,
        "age_seconds": round(found.age),
        **({"stale": True} if stale else {}),
    }
    run.proven = False
    return Outcome(ExecutionStatus.COMPLETED, data=found.data)


def _kept(run: Run, key: str, outcome: Outcome) -> Outcome:
    method = run.target.method
    if outcome.status == ExecutionStatus.COMPLETED:
        if run.file is None:  # a file belongs to its own execution
            data = masking.without(outcome.data, run.known)
            seconds = method.cache_seconds + method.stale_seconds
            entries.keep(key, data, run.notes, seconds)
        return outcome
    if not method.stale_seconds or outcome.retry_in is not None or not _is_their_fault(outcome):
        return outcome
    found = entries.find(key)
    if found is None:
        return outcome
    served = _answered(run, found, stale=True)
    return Outcome(served.status, data=served.data, held=outcome.held)


def _is_their_fault(outcome: Outcome) -> bool:
    error = outcome.error
    if isinstance(error, errors.IntegrationFailed):
        return (error.upstream_status or 500) >= 500 or error.upstream_status == 429
    return isinstance(error, errors.TimedOut | errors.ConnectionFailed | errors.CircuitOpen)
