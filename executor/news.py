"""What the outside hears of an execution, and what it tells of its instance."""

from __future__ import annotations

from typing import Any

from executor.choices import ExecutionStatus
from executor.models import Execution
from executor.run import Run
from integration_hub.events import services as events
from integration_hub.events.choices import EventType
from integration_hub.events.models import Event
from integration_hub.lib import metrics
from integration_hub.lib.errors import (
    AuthFailed,
    ConcurrencyLimitExceeded,
    HubError,
    RateLimitExceeded,
)
from registry import services as registry
from registry.choices import InstanceState

# What an operator did meanwhile (a config that broke, a credential removed) stands.
_MAY_CHANGE = frozenset(
    {InstanceState.DISCONNECTED, InstanceState.CONNECTED, InstanceState.AUTH_ERROR}
)
LIMITS = (RateLimitExceeded, ConcurrencyLimitExceeded)


def of_end(
    execution: Execution,
    problem: dict[str, Any] | None,
    *,
    status: ExecutionStatus | None = None,
) -> Event:
    """The unsaved event of an execution that ends; never its parameters, data or bodies."""
    ended = status or ExecutionStatus(execution.status)
    data: dict[str, Any] = {
        "execution_id": str(execution.pk),
        "method": execution.method,
        "status": ended.value,
        "definition": execution.definition_ref,
        "mode": str(execution.mode),
        "attempts": execution.attempts,
        "duration_ms": execution.duration_ms or 0,
        "correlation_id": execution.correlation_id or None,
        "replay_of": str(execution.replay_of) if execution.replay_of else None,
    }
    if ended == ExecutionStatus.COMPLETED:
        event = events.build(
            type=EventType.METHOD_EXECUTED, subject=execution.instance_slug, data=data
        )
    else:
        if problem is not None:
            data |= {name: problem[name] for name in ("code", "detail", "retryable")}
        event = events.build(
            type=EventType.METHOD_FAILED, subject=execution.instance_slug, data=data
        )
    if execution.callback_url and ended != ExecutionStatus.REJECTED:
        event.reply_to, event.reply_owner = execution.callback_url, execution.caller
    return event


def of_limit(execution: Execution, error: HubError | None) -> list[Event]:
    """The unsaved event of a call that the hub's own limits refused."""
    if not isinstance(error, LIMITS):
        return []
    metrics.rate_limit_hits_total.labels(execution.instance_slug, execution.method).inc()
    data = {
        "method": execution.method,
        "execution_id": str(execution.pk),
        "retry_after": error.retry_after or 0,
    }
    return [
        events.build(type=EventType.RATE_LIMIT_EXCEEDED, subject=execution.instance_slug, data=data)
    ]


def new_state(run: Run, error: HubError | None) -> InstanceState | None:
    """The state that this end proves, when the instance is not in it yet."""
    state = run.target.instance.state
    if error is None and not run.proven:
        return None
    if error is None:
        return None if state == InstanceState.CONNECTED else InstanceState.CONNECTED
    if isinstance(error, AuthFailed) and not _passes(error) and state != InstanceState.AUTH_ERROR:
        return InstanceState.AUTH_ERROR
    return None


def _passes(error: AuthFailed) -> bool:
    """Whether it says nothing of the credential: a token endpoint that is away for now."""
    return error.transient


def change_state(run: Run, state: InstanceState, error: HubError | None) -> list[Event]:
    """Write the instance's new state; the unsaved event of an authentication that failed."""
    instance = run.target.instance
    changed = registry.set_instance_state(
        instance_id=instance.id,
        state=state,
        reason=error.detail if error else "",
        only_from=_MAY_CHANGE,
    )
    if not changed or error is None:
        return []
    refused = isinstance(error, AuthFailed) and error.upstream_status is not None
    data = {
        "reason": "rejected" if refused else "unreadable",
        "detail": error.detail,
        "execution_id": str(run.execution.pk),
        "method": run.target.method.name,
    }
    return [events.build(type=EventType.AUTH_FAILED, subject=instance.slug, data=data)]
