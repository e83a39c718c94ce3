"""The health of an instance as a pure state machine: (state, result) → state.

It takes three failures in a row to be unhealthy and two successes in a row to be
healthy, so that one lost packet changes nothing and a flapping system stays what
it was.
"""

from __future__ import annotations

from dataclasses import dataclass

from registry.choices import Health

FAILURES_DOWN = 3
SUCCESSES_UP = 2


@dataclass(frozen=True, slots=True)
class HealthState:
    """`failures` and `successes` count results in a row; one of them is 0."""

    health: str = Health.UNKNOWN.value
    failures: int = 0
    successes: int = 0

    def after(self, *, ok: bool) -> HealthState:
        """The state once this result is in."""
        failures = 0 if ok else self.failures + 1
        successes = self.successes + 1 if ok else 0
        health = self.health
        if failures >= FAILURES_DOWN:
            health = Health.UNHEALTHY.value
        elif successes >= SUCCESSES_UP:
            health = Health.HEALTHY.value
        return HealthState(health, failures, successes)

    @property
    def undecided(self) -> bool:
        """Whether a few more results would settle something: then checks come sooner."""
        if self.health == Health.UNKNOWN:
            return True
        return 0 < self.failures < FAILURES_DOWN and self.health != Health.UNHEALTHY
