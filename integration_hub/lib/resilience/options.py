"""Policies as frozen options with safe defaults in one place.

The words are those of Polly and resilience4j. A method's block replaces its
definition's member by member, an instance's `overrides` replace both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, Self


class _Options:
    def merged(self, *blocks: Mapping[str, Any] | None) -> Self:
        """A copy in which each block's members replace the ones before."""
        known = {item.name for item in fields(self)}  # type: ignore[arg-type]  # every subclass is a dataclass
        changes: dict[str, Any] = {}
        for block in blocks:
            for name, value in (block or {}).items():
                if name in known:
                    changes[name] = tuple(value) if isinstance(value, list) else value
        return replace(self, **changes)  # type: ignore[type-var]  # every subclass is a dataclass


@dataclass(frozen=True, slots=True)
class RetryOptions(_Options):
    """`max_attempts` counts the first call. Delays are full jitter, in milliseconds."""

    max_attempts: int = 1
    initial_delay_ms: int = 200
    multiplier: float = 2.0
    max_delay_ms: int = 5_000


@dataclass(frozen=True, slots=True)
class CircuitOptions(_Options):
    """`window` counts calls, or seconds when `window_type` is `time`."""

    window_type: Literal["count", "time"] = "count"
    window: int = 20
    min_calls: int = 5
    failure_rate: float = 0.5
    slow_call_ms: int = 10_000
    cooldown_ms: int = 30_000
    half_open_calls: int = 1


@dataclass(frozen=True, slots=True)
class LimitOptions(_Options):
    """A token bucket of `burst` tokens refilled at `requests / per_seconds`.

    0 requests means no rate limit, 0 `max_concurrency` no concurrency limit, 0 `burst` a
    bucket of one token: calls evenly spaced.
    """

    requests: int = 0
    per_seconds: float = 1.0
    burst: int = 0
    max_concurrency: int = 0


@dataclass(frozen=True, slots=True)
class TransientOptions(_Options):
    """Which ends of a call are worth another try; `lib/resilience/transient.py` compiles it.

    `statuses`: 429, "429" or "500-504", one or several. `exceptions`: `connection`,
    `timeout`. `body`: a JMESPath, `body_pattern`: a regular expression on the answer.
    """

    statuses: tuple[int | str, ...] | int | str = (408, 425, 429, "500-504")
    exceptions: tuple[str, ...] | str = ("connection", "timeout")
    body: str = ""
    body_pattern: str = ""


#: The circuit of an upstream host: only connections that could not be made count, and only
#: when nothing else came of the last twenty calls, whosever they were (ADR 10).
HOST_CIRCUIT = CircuitOptions(
    window=20, min_calls=20, failure_rate=1.0, slow_call_ms=0, cooldown_ms=10_000
)
