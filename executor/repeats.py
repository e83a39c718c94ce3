"""Whether a failed attempt may be followed by another: what failed, what is safe, what is left.

What is left is a budget: of the calls to one account at most a tenth are retries.
"""

from __future__ import annotations

from executor.calls import Target
from executor.choices import ExecutionStatus
from executor.outcome import HeldPermit, Outcome
from executor.run import Run
from integration_hub.coordination import budget
from integration_hub.lib import metrics
from integration_hub.lib.errors import ConnectionFailed as ConnectionFault
from integration_hub.lib.errors import HubError, IntegrationFailed, RateLimitExceeded, TimedOut
from integration_hub.lib.resilience import retry, transient
from integration_hub.lib.resilience.budget import FLOOR

LEAST_MS = 100
"""A repeat with less time than this left could only end as a time-out of our own making."""


def classified(target: Target, error: HubError, *, safe: bool) -> HubError:
    """Say on `error` whether the same request may be sent again; `safe`: it does no work twice."""
    if isinstance(error, (TimedOut, ConnectionFault, IntegrationFailed)):
        error.retryable = _is_transient(target, error) and retry.may_repeat(
            idempotent=safe,
            has_upstream_key=bool(target.method.idempotency_header),
            sent=error.sent,
            status=error.upstream_status,
        )
    return error


def least_seconds(target: Target) -> float:
    """What must be left of the deadline for a repeat to begin."""
    return min(LEAST_MS, target.method.timeout_ms) / 1000


def check_time(run: Run) -> None:
    """Raise Cancelled, or TimedOut when too little is left of the deadline for this try."""
    left = run.deadline.check(sent=False)
    if run.tries > 0 and left < least_seconds(run.target):
        raise TimedOut("Too little of the deadline is left for another try.", sent=False)


def count(run: Run) -> None:
    """A request that is made for the first time adds to what its retries may cost."""
    if run.tries == 0:
        budget.count_first(run.target.account)


def pay(run: Run, *, asked_for: bool = False) -> bool:
    """Whether the budget has a retry left for this run; it is counted then.

    One that is planned for the time that the external system named (`asked_for`) is
    counted and made in any case. A call alone may use all its attempts.
    """
    floor = max(FLOOR, run.target.method.retry.max_attempts - 1)
    paid = budget.spend(run.target.account, floor=floor, asked_for=asked_for)
    slug, method = run.target.instance.slug, run.target.method.name
    metrics.retries_total.labels(slug, method, "allowed" if paid else "refused").inc()
    return paid


def unpaid(*, held: HeldPermit | None, retry_in: float) -> Outcome:
    """A retry that is planned before it is paid for: no error stands on its row."""
    return Outcome(ExecutionStatus.RETRYING, held=held, retry_in=retry_in)


def is_unpaid(run: Run) -> bool:
    """Whether this run takes up such a retry; one after a lost worker has no deadline yet."""
    row = run.execution
    return run.in_worker and run.tries > 0 and not row.code and row.deadline_at is not None


def refusal(target: Target, retry_after: float) -> RateLimitExceeded:
    return RateLimitExceeded(
        f"Too many calls of {target.instance.slug} are retries already, so "
        "this one is not tried again.",
        retry_after=retry_after,
    )


def _is_transient(target: Target, error: TimedOut | ConnectionFault | IntegrationFailed) -> bool:
    if isinstance(error, IntegrationFailed):
        return error.transient
    rule = transient.compile_rule(target.method.transient)
    kind = transient.TIMEOUT if isinstance(error, TimedOut) else transient.CONNECTION
    return kind in rule.exceptions
