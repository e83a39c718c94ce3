"""Who waits for a token or a slot, one after the other: one number of state a lane.

The number is when the turn of the last one ends. Each who waits is told a moment of
its own, so that a thousand do not all come back at once and ask in vain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: `now`: somebody waits for the answer. The others are work in the background.
Lane = Literal["now", "interactive", "batch"]

MAX_AHEAD = 86_400.0


@dataclass(frozen=True, slots=True)
class Turn:
    """Seconds until the turn; `ends` is the new state, as before when there was no patience."""

    wait: float
    ends: float


def take(ends: float, now: float, *, wait: float, each: float, patience: float) -> Turn:
    """A turn at the earliest in `wait` seconds, `each` seconds after the one before.

    Who will not wait that long (`patience`) is told when it would be, and keeps
    nobody else from it.
    """
    # Not by way of a moment: a double has a quarter of a microsecond left there.
    rest = max(min(ends - now, MAX_AHEAD), wait)
    return Turn(rest, ends if rest > patience else now + rest + each)
