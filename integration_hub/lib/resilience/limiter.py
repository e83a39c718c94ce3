"""A token bucket by the generic cell rate algorithm (ITU-T I.371): one number of state.

The number is the theoretical arrival time of the next call if all came evenly.
In any span of `t` seconds at most `rate × t + burst` calls pass.
"""

from __future__ import annotations

from dataclasses import dataclass

from integration_hub.lib.resilience.options import LimitOptions

# Moments are doubles around 2e9: their own rounding must not cost a token.
EPSILON = 1e-6


@dataclass(frozen=True, slots=True)
class Taken:
    """Whether a token was there; `arrival` is the new state, `retry_after` in seconds."""

    allowed: bool
    arrival: float
    retry_after: float = 0.0


def interval(options: LimitOptions) -> float:
    """Seconds a token."""
    return options.per_seconds / options.requests


def depth(options: LimitOptions) -> float:
    """Seconds that a full bucket is worth. Without a `burst` a bucket holds one token."""
    return interval(options) * max(1, options.burst)


def kept_from_batch(tokens: int) -> int:
    """How many tokens of a bucket, or slots, batch work leaves to people: a quarter of them."""
    return tokens // 4


def reserve(options: LimitOptions) -> float:
    """Seconds of a full bucket that batch work must leave there."""
    return interval(options) * kept_from_batch(options.burst)


def take(options: LimitOptions, arrival: float, now: float, *, batch: bool = False) -> Taken:
    """Take one token at `now`; `arrival` is 0 for a bucket never used.

    An arrival further ahead than a full bucket comes from a clock that was set
    back or from a slower limit of before: it is brought back to an empty bucket.
    """
    full = depth(options)
    ahead = min(max(arrival, now), now + full) + interval(options)
    mine = full - reserve(options) if batch else full
    if ahead - now > mine + EPSILON:
        return Taken(False, arrival, ahead - now - mine)
    return Taken(True, ahead)
