"""How a run ended, before it is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from executor.choices import ExecutionStatus
from integration_hub.coordination.guard import Permit
from integration_hub.lib import errors

Verdict = Literal["success", "failure", "ignored"]

# Raised before anything could leave: the execution was never tried outside.
REFUSALS = (
    errors.ValidationFailed,
    errors.Forbidden,
    errors.NotFound,
    errors.Conflict,
    errors.RateLimitExceeded,
    errors.ConcurrencyLimitExceeded,
    errors.CircuitOpen,
    errors.ServiceUnavailable,
)

# No answer arrived: whether the call took effect is known only if nothing had left.
_CUT_OFF = (errors.TimedOut, errors.ConnectionFailed, errors.Cancelled)


@dataclass(frozen=True, slots=True)
class HeldPermit:
    """The last attempt's permit, settled in the transaction that settles the execution."""

    permit: Permit
    verdict: Verdict
    duration_ms: float
    reached: Verdict = "ignored"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`retry_in` is set when the run is to be taken up again later, in seconds."""

    status: ExecutionStatus
    data: Any = None
    error: errors.HubError | None = None
    held: HeldPermit | None = None
    retry_in: float | None = None


def status_for(error: errors.HubError, *, safe: bool) -> ExecutionStatus:
    """The final state of a run that ended with `error`."""
    if isinstance(error, _CUT_OFF) and error.sent and not safe:
        return ExecutionStatus.OUTCOME_UNKNOWN
    if isinstance(error, errors.Cancelled):
        return ExecutionStatus.CANCELLED
    if isinstance(error, errors.TargetForbidden) and error.extra.get("redirected"):
        return ExecutionStatus.FAILED  # the first hop was sent and answered
    if isinstance(error, REFUSALS):
        return ExecutionStatus.REJECTED
    if (
        isinstance(error, errors.TransformFailed)
        and error.http_status == errors.TransformFailed.status
    ):
        return ExecutionStatus.REJECTED
    return ExecutionStatus.FAILED


def verdict_for(error: errors.HubError | None) -> Verdict:
    """What the circuit learns: only faults of the other side count (contract §4, promise 19)."""
    if error is None:
        return "success"
    if isinstance(error, (errors.TimedOut, errors.ConnectionFailed)):
        return "failure"
    if isinstance(error, errors.IntegrationFailed):
        status = error.upstream_status or 500
        return "failure" if status >= 500 or status in (408, 429) else "ignored"
    return "ignored"


def reached_for(error: errors.HubError | None) -> Verdict:
    """What the circuit of the host learns: only whether a connection could be made (ADR 10).

    Whatever came back over one, or broke it later, speaks for the host.
    """
    if error is None:
        return "success"
    if isinstance(error, errors.ConnectionFailed):
        return "success" if error.sent else "failure"
    if isinstance(error, errors.TimedOut):
        return "success" if error.sent else "ignored"  # the caller's time may have been short
    return "success" if isinstance(error, errors.IntegrationFailed) else "ignored"
