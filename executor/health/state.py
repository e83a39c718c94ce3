"""The health of an instance as a pure state machine: (state, verdict, moment) → state.

It takes three failures in a row to be unhealthy, three slow answers in a row to be
degraded and two good ones in a row to be healthy, so that one lost packet changes
nothing. Who falls again within an hour of coming back has to be good twice as often
before it is believed, up to 32 times: a flapping system is told of a few times, not
for ever.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from registry.choices import Health

FAILURES_DOWN = 3
SLOWS_DOWN = 3
SUCCESSES_UP = 2
STABLE = timedelta(hours=1)
MAX_RELAPSES = 4
FLAPPING = 1
"""After so many relapses it is called flapping."""

_RANK = {
    Health.UNKNOWN.value: 0,
    Health.HEALTHY.value: 0,
    Health.DEGRADED.value: 1,
    Health.UNHEALTHY.value: 2,
}


class Verdict(StrEnum):
    """What one check says: good, answered but slow or troubled, failed."""

    GOOD = "good"
    SLOW = "slow"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class HealthState:
    """`failures`, `successes` and `slows` count verdicts in a row, `answers` all that answered."""

    health: str = Health.UNKNOWN.value
    failures: int = 0
    successes: int = 0
    slows: int = 0
    answers: int = 0
    relapses: int = 0
    recovered_at: datetime | None = None

    def after(self, verdict: Verdict, at: datetime) -> HealthState:
        """The state once this verdict is in."""
        counted = replace(
            self,
            failures=self.failures + 1 if verdict is Verdict.FAILED else 0,
            successes=self.successes + 1 if verdict is Verdict.GOOD else 0,
            slows=self.slows + 1 if verdict is Verdict.SLOW else 0,
            answers=0 if verdict is Verdict.FAILED else self.answers + 1,
        )
        return counted._moved(counted._next(), at)

    @property
    def undecided(self) -> bool:
        """Whether a few more results would settle something: then checks come sooner."""
        if self.health == Health.UNKNOWN:
            return True
        return 0 < self.failures < FAILURES_DOWN and self.health != Health.UNHEALTHY

    @property
    def flapping(self) -> bool:
        return self.relapses >= FLAPPING

    @property
    def needed(self) -> int:
        """How many good results in a row bring it back."""
        return int(SUCCESSES_UP * 2**self.relapses)

    def _next(self) -> str:
        if self.failures >= FAILURES_DOWN:
            return Health.UNHEALTHY.value
        if self.successes >= self.needed:
            return Health.HEALTHY.value
        well = self.health in (Health.HEALTHY, Health.UNKNOWN)
        if self.slows >= SLOWS_DOWN and well:
            return Health.DEGRADED.value
        if self.answers > self.needed and self.health in (Health.UNHEALTHY, Health.UNKNOWN):
            return Health.DEGRADED.value
        return self.health

    def _moved(self, health: str, at: datetime) -> HealthState:
        if _RANK[health] < _RANK[self.health]:
            return replace(self, health=health, recovered_at=at)
        if _RANK[health] > _RANK[self.health]:
            again = self.recovered_at is not None and at - self.recovered_at < STABLE
            relapses = min(self.relapses + 1, MAX_RELAPSES) if again else 0
            return replace(self, health=health, relapses=relapses)
        return replace(self, health=health)
