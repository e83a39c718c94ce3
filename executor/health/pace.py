"""When the next check is due, as pure arithmetic."""

from __future__ import annotations

import random
from collections.abc import Callable

from executor.health.state import HealthState
from integration_hub.lib.resilience.options import LimitOptions

SOON_SECONDS = 10.0
JITTER = 0.05
BUDGET_SHARE = 0.1
"""The most that checks take of the rate that an instance's own calls have."""

_random = random.SystemRandom()


def interval_within(interval: float, limits: LimitOptions | None) -> float:
    """The interval, or a longer one where that would take more than its share of the rate."""
    if limits is None or not limits.requests:
        return interval
    return max(interval, limits.per_seconds / limits.requests / BUDGET_SHARE)


def next_in(
    state: HealthState,
    interval: float,
    limits: LimitOptions | None = None,
    draw: Callable[[], float] = _random.random,
) -> float:
    """Seconds to the next check: sooner while undecided, spread a little so as not to march."""
    base = min(interval, SOON_SECONDS) if state.undecided else interval
    return interval_within(base, limits) * (1 - JITTER * draw())
