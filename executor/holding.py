"""What an answer says of the next calls: none until the external system wants some again."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

from executor.attempt import Attempted
from executor.run import Run
from integration_hub.coordination import holds
from integration_hub.coordination.models import HoldKind
from integration_hub.lib import clock
from integration_hub.lib.errors import HubError, RateLimitExceeded
from integration_hub.lib.resilience import hints
from integration_hub.lib.resilience.retry import TOO_MANY_REQUESTS

AGAIN_S = 1.0
"""The first call after a hold was refused without a word of when: the next one goes then."""

SPREAD_S = 5.0
"""What was parked together comes back spread over this, or over as long as it waited."""

_random = random.SystemRandom()


@contextmanager
def entered(run: Run) -> Iterator[bool]:
    """Pass the holds of this call's quota; True for the call that goes first after one.

    Raises RateLimitExceeded while there is one. What stops the call inside gives its turn back.
    """
    first = _enter(run)
    try:
        yield first
    except HubError:
        if first:
            holds.hold(run.target.bucket, 0.0, kind=HoldKind.REFUSED, first=True)
        raise


def _enter(run: Run) -> bool:
    seconds = min(run.target.method.timeout_ms / 1000, run.deadline.remaining())
    try:
        return holds.enter(run.target.bucket, probe_seconds=seconds + 5)
    except RateLimitExceeded as error:
        if run.in_worker and error.retry_after is not None:
            error.retry_after += _random.uniform(0.0, min(error.retry_after, SPREAD_S))
        raise


def learn(run: Run, made: Attempted, *, first: bool) -> None:
    """Hold the quota when the answer asks for it; the call that goes first lifts its hold else."""
    scope, answer = run.target.bucket, made.answer
    if answer is not None and answer.status == TOO_MANY_REQUESTS:
        asked = made.error.retry_after if made.error else None
        if asked or first:
            holds.hold(scope, asked or AGAIN_S, kind=HoldKind.REFUSED, first=first)
        return
    if first:
        holds.lift(scope)
    spent = None if answer is None else hints.exhausted_seconds(answer.headers, clock.now())
    if spent:
        holds.hold(scope, spent, kind=HoldKind.SPENT)
