"""Latencies as counts in fixed buckets: they add up over any span and never grow."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

BOUNDS_MS = (
    *(1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700),
    *(1_000, 1_500, 2_000, 3_000, 5_000, 7_000, 10_000, 15_000, 30_000),
)
"""Upper bounds; what took longer than the last is counted with it."""

Counts = tuple[int, ...]
NOTHING: Counts = (0,) * len(BOUNDS_MS)


def observed(counts: Counts, ms: float) -> Counts:
    index = min(bisect_left(BOUNDS_MS, ms), len(BOUNDS_MS) - 1)
    return (*counts[:index], counts[index] + 1, *counts[index + 1 :])


def added(one: Counts, other: Counts) -> Counts:
    return tuple(left + right for left, right in zip(one, other, strict=True))


def percentile(counts: Counts, share: float) -> float | None:
    """Milliseconds below which `share` (0 to 1) of what was counted lies, between two bounds.

    None where nothing was counted.
    """
    rank, seen = share * sum(counts), 0
    if rank <= 0:
        return None
    for index, count in enumerate(counts):
        if count and seen + count >= rank:
            low = BOUNDS_MS[index - 1] if index else 0
            return round(low + (BOUNDS_MS[index] - low) * (rank - seen) / count, 3)
        seen += count
    return float(BOUNDS_MS[-1])


def written(counts: Counts) -> str:
    """As a column holds it: numbers and commas, trailing zeros left out."""
    last = max((index for index, count in enumerate(counts) if count), default=-1)
    return ",".join(str(count) for count in counts[: last + 1])


def read(text: str) -> Counts:
    found: Sequence[int] = [int(part) for part in text.split(",")] if text else []
    return (*found, *NOTHING[len(found) :])
