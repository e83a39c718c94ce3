"""When to try again, and after how long. No sleeping here: the caller has the deadline.

Full jitter (AWS, "Exponential Backoff and Jitter"): the wait is uniform between
0 and the capped exponential, so that callers who failed together come back apart.
"""

from __future__ import annotations

from random import Random

from integration_hub.lib.resilience.hints import WAIT_CAP
from integration_hub.lib.resilience.options import RetryOptions

TOO_MANY_REQUESTS = 429


def next_delay_ms(
    options: RetryOptions, attempt: int, rng: Random, retry_after_s: float | None = None
) -> float:
    """Milliseconds to wait after attempt number `attempt` (from 1) has failed.

    Never less than what the external system asked for; the jitter comes on top
    of that, so that a crowd told the same wait does not return as one.
    """
    try:
        grown = options.initial_delay_ms * options.multiplier ** max(0, attempt - 1)
    except OverflowError:
        grown = options.max_delay_ms
    jitter = rng.uniform(0.0, max(0.0, min(options.max_delay_ms, grown)))
    if retry_after_s is None:
        return jitter
    return min(max(0.0, retry_after_s), WAIT_CAP) * 1000 + jitter


def may_repeat(*, idempotent: bool, has_upstream_key: bool, sent: bool, status: int | None) -> bool:
    """Whether sending the call again cannot do its work twice.

    True for an idempotent method, a call that carries an idempotency key of the
    external system, one of which no byte left, and one refused with 429.
    """
    return idempotent or has_upstream_key or not sent or status == TOO_MANY_REQUESTS
