"""When a delivery that failed is tried again. Pure: attempts in, seconds out."""

from __future__ import annotations

import random

_HOUR = 3600.0
_DAY = 24 * _HOUR
# Contract §5: then daily, up to five days in all; then the delivery is dead.
WAITS = (2.0, 10.0, 60.0, 300.0, 1800.0, 2 * _HOUR, 6 * _HOUR, 12 * _HOUR, _DAY, _DAY, _DAY, _DAY)
SPREAD = 0.2

STEPS_ASIDE_AFTER = 5
"""Attempts (about six minutes) for which those behind a delivery wait for it, if their sink
takes other events meanwhile."""

SHORTEST, LONGEST = 1.0, _HOUR
"""Bounds of a pause that a receiver asks for."""

_random = random.SystemRandom()


def wait_after(attempts: int, rng: random.Random = _random) -> float | None:
    """Seconds until the attempt after `attempts` failures, ±20 %; None: that was the last."""
    if attempts > len(WAITS):
        return None
    return WAITS[max(attempts, 1) - 1] * rng.uniform(1 - SPREAD, 1 + SPREAD)


def steps_aside(attempts: int) -> bool:
    """Whether so many failures are enough for those behind to go first."""
    return attempts >= STEPS_ASIDE_AFTER


def within_bounds(seconds: float) -> float:
    """A pause that a receiver asked for, within ours."""
    return min(max(seconds, SHORTEST), LONGEST)
