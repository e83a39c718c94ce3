"""Leave for one request: what is held back, circuits, rate and slots.

A sync call asks for it before its row is written, so that one that is refused costs
no statement before its answer; what it was given or told waits in `run.early`. One
with a key must take the key first, unless its method refused a moment ago.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.db import DatabaseError

from executor import holding, shaping
from executor.calls import Target
from executor.choices import Priority
from executor.run import Entered, Run
from integration_hub.coordination import guard, holds, operated
from integration_hub.coordination.guard import Permit
from integration_hub.coordination.models import HoldKind
from integration_hub.lib import clock
from integration_hub.lib.errors import (
    CircuitOpen,
    ConcurrencyLimitExceeded,
    HubError,
    RateLimitExceeded,
)
from integration_hub.lib.resilience.turns import Lane

LIMITS = (RateLimitExceeded, ConcurrencyLimitExceeded)

_LONGEST_S = 60.0
_MAX_REFUSING = 10_000
_refusing: dict[str, float] = {}
"""Until when this process expects to be refused, by scope: what it was told last."""


def shape(run: Run) -> tuple[Any, bool]:
    """The body of the request and whether there is one. Raises TransformFailed."""
    if run.shaped is None:
        began = time.perf_counter()
        run.shaped = shaping.shape_request(run.target, run.parameters)
        run.transform_ms += (time.perf_counter() - began) * 1000
    return run.shaped


def enter(run: Run, patience: float) -> Entered:
    """A permit, and whether this call is the first after a hold. Raises what refuses it."""
    early, run.early = run.early, None
    if isinstance(early, HubError):
        raise early
    return early or _enter(run, patience)


def refused_early(run: Run, insert: Callable[[], None] | None = None) -> HubError | None:
    """Why a sync call is not made, before anything is written; else it may begin.

    `insert` may be called to commit with the permit what `is_inserted` then says.
    """
    patience = run.execution.max_wait_ms / 1000
    try:
        shape(run)
        run.early = _enter(run, patience, insert)
    except (CircuitOpen, *LIMITS) as error:
        if isinstance(error, CircuitOpen) or wait_for(error) > patience:
            return named(run.target, error)
        run.early = error
    except Exception:  # noqa: BLE001 - not swallowed: met again
        return None  # the run meets it again, and tells of it as of any other end
    return None


def refuses_now(target: Target) -> bool:
    """Whether the last call of this method here was refused for a time that is not over."""
    left = _refusing.get(target.scope, 0.0) - clock.monotonic()
    return 0 < left <= _LONGEST_S


def is_inserted(run: Run) -> bool:
    return isinstance(run.early, tuple) and run.early[0].joined


def give_back(run: Run) -> None:
    """The call that was let in early is not made."""
    early, run.early = run.early, None
    if early is None or isinstance(early, HubError):
        return
    permit, first = early
    with suppress(DatabaseError):  # else they end by their time
        guard.settle(permit, outcome="ignored", duration_ms=0.0)
        if first:
            holds.hold(run.target.bucket, 0.0, kind=HoldKind.REFUSED, first=True)


def wait_for(error: HubError) -> float:
    return max(error.retry_after or 0.05, 0.01)


def named(target: Target, error: HubError) -> HubError:
    """The guard knows its scopes alone, which begin with an id."""
    slug = target.instance.slug
    detail = error.detail.replace(target.scope, f"{slug}.{target.method.name}")
    error.detail = detail.replace(target.account, slug)
    return error


def _enter(run: Run, patience: float, joining: Callable[[], None] | None = None) -> Entered:
    try:
        with holding.entered(run) as first:
            return _permit(run, patience, joining), first
    except (CircuitOpen, *LIMITS) as error:
        _note(run.target, error)
        raise


def _note(target: Target, error: HubError) -> None:
    if len(_refusing) >= _MAX_REFUSING:
        _refusing.clear()
    _refusing[target.scope] = clock.monotonic() + min(wait_for(error), _LONGEST_S)


def _permit(run: Run, patience: float, joining: Callable[[], None] | None) -> Permit:
    target, method = run.target, run.target.method
    circuit, host = operated.judge(scope=target.scope, circuit=method.circuit, host=target.host)
    return guard.admit(
        scope=target.scope,
        circuit=circuit,
        limits=method.limits,
        slot_seconds=run.deadline.remaining() + 5,
        probe_seconds=method.timeout_ms / 1000 + 5,
        host=host,
        bucket=target.bucket,
        slots=target.slots,
        lane=_lane(run),
        patience=patience,
        joining=joining,
    )


def _lane(run: Run) -> Lane:
    """People who wait for the answer go before work in the background."""
    if run.execution.priority == Priority.BATCH:
        return "batch"
    return "interactive" if run.in_worker else "now"
