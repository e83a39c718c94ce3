"""When to try again, and after how long. No sleeping here: the caller has the deadline.

Full jitter (AWS, "Exponential Backoff and Jitter"): the wait is uniform between
0 and the capped exponential, so that callers who failed together come back apart.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from random import Random

from integration_hub.lib.resilience.options import RetryOptions, TransientOptions

RETRY_AFTER_CAP = 3_600.0
TOO_MANY_REQUESTS = 429
_SECONDS = re.compile(r"[0-9]{1,400}(\.[0-9]{1,400})?\Z")


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
    return min(max(0.0, retry_after_s), RETRY_AFTER_CAP) * 1000 + jitter


def is_transient_status(options: TransientOptions, status: int) -> bool:
    """Whether an answer with `status` is worth another try."""
    return any(low <= status <= high for low, high in _ranges(options.statuses))


def may_repeat(*, idempotent: bool, has_upstream_key: bool, sent: bool, status: int | None) -> bool:
    """Whether sending the call again cannot do its work twice.

    True for an idempotent method, a call that carries an idempotency key of the
    external system, one of which no byte left, and one refused with 429.
    """
    return idempotent or has_upstream_key or not sent or status == TOO_MANY_REQUESTS


def retry_after_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that `Retry-After` (RFC 9110: seconds or a date) asks to wait, at most an hour.

    None when the header is absent or says nothing that can be read; of several
    numbers the longest.
    """
    value = next((text for name, text in headers.items() if name.lower() == "retry-after"), None)
    if value is None:
        return None
    value = value.strip()
    numbers = [part.strip() for part in value.split(",")]
    if all(_SECONDS.match(number) for number in numbers):
        return min(RETRY_AFTER_CAP, max(float(number) for number in numbers))
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(RETRY_AFTER_CAP, max(0.0, (moment - now).total_seconds()))


@lru_cache(maxsize=256)
def _ranges(statuses: tuple[int | str, ...]) -> tuple[tuple[int, int], ...]:
    """Each entry as (low, high): 429, "429" or "500-504"."""
    ranges = []
    for entry in statuses:
        low, _, high = str(entry).partition("-")
        ranges.append((int(low), int(high or low)))
    return tuple(ranges)
