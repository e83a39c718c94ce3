"""What goes in and out of the guard, whichever store it works on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from integration_hub.lib import clock
from integration_hub.lib.errors import (
    CircuitOpen,
    ConcurrencyLimitExceeded,
    HubError,
    RateLimitExceeded,
)
from integration_hub.lib.resilience.circuit import Circuit, Outcome, State, Transition
from integration_hub.lib.resilience.options import CircuitOptions, LimitOptions

Refused = Literal["circuit", "rate", "concurrency"]


class StoreDown(Exception):
    """The shared store cannot be used now; its cause is the client's own error."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One call that asks to go. `token` names its probe and its slot."""

    scope: str
    circuit: CircuitOptions
    limits: LimitOptions
    slot_seconds: float
    probe_seconds: float
    token: str


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave for one call; hand it to `guard.settle` when the call has ended.

    `at` is the store's time of admission and `ticks` ours, so that the store's
    time at the end is known without asking. `seen` and `version` are the circuit
    as the database had it.
    """

    ask: Ask
    store: str
    at: float
    ticks: float
    generation: int = 0
    probe: bool = False
    seen: Circuit | None = None
    version: int | None = None

    @property
    def scope(self) -> str:
        return self.ask.scope

    def now(self) -> float:
        """The store's time now, as far as this process can tell."""
        return self.at + max(0.0, clock.monotonic() - self.ticks)


@dataclass(frozen=True, slots=True)
class CircuitState:
    """One circuit for people to see; `retry_after` is in seconds, 0 when calls go."""

    scope: str
    state: State
    retry_after: float


class Store(Protocol):
    """Circuits, buckets and slots in one place. Each method may raise StoreDown."""

    name: str

    def admit(self, ask: Ask) -> Permit:
        """Raises the refusal: circuit first, then rate, then concurrency."""

    def settle(self, permit: Permit, outcome: Outcome, duration_ms: float) -> Transition | None:
        """Count the outcome, give back probe and slot."""

    def states(self, prefix: str) -> list[CircuitState]:
        """Every circuit known whose scope begins with `prefix`, by scope."""

    def reset(self, prefix: str) -> None:
        """Close every circuit whose scope begins with `prefix`, its window empty."""


def refusal(reason: Refused, scope: str, retry_after: float) -> HubError:
    """The error for the caller: what is in the way, and for how long."""
    wait = f"Try again in {retry_after:.3g} s."
    if reason == "circuit":
        return CircuitOpen(
            f"The circuit of {scope} is open, because too many calls failed or were slow. {wait}",
            retry_after=retry_after,
        )
    if reason == "rate":
        return RateLimitExceeded(
            f"The rate limit of {scope} is used up. {wait}", retry_after=retry_after
        )
    return ConcurrencyLimitExceeded(
        f"As many calls of {scope} as its max_concurrency allows are running. {wait}",
        retry_after=retry_after,
    )


def fixed_now() -> float | None:
    """The time of a clock that was put in place of the machine's, else None: ask the store's."""
    return None if clock.is_real() else clock.now().timestamp()
