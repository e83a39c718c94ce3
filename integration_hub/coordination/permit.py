"""What goes in and out of the guard, whichever store it works on."""

from __future__ import annotations

from collections.abc import Callable
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
from integration_hub.lib.resilience.turns import Lane

Refused = Literal["circuit", "host", "rate", "concurrency"]


class StoreDown(Exception):
    """The shared store cannot be used now; its cause is the client's own error."""


@dataclass(frozen=True, slots=True)
class Gates:
    """What every call of one method passes; the same object or an equal one each time.

    `host` is the scope of the circuit of its upstream host, empty for none. Tokens
    come from `bucket`, slots from `slots`, which other methods may share.
    """

    scope: str
    circuit: CircuitOptions
    limits: LimitOptions
    host: str = ""
    bucket: str = ""
    slots: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """One call that asks to go. `token` names its probe and its slot.

    Who must wait and has the `patience` (seconds) for it is given a turn; `hold` is
    how long a slot is held, as far as is known. `joining` writes what a store may
    commit together with its own.
    """

    gates: Gates
    slot_seconds: float
    probe_seconds: float
    token: str
    lane: Lane = "now"
    patience: float = 0.0
    hold: float = 1.0
    joining: Callable[[], None] | None = None

    @property
    def batch(self) -> bool:
        return self.lane == "batch"


@dataclass(frozen=True, slots=True)
class Admitted:
    """One circuit as it was when it let a call go; the last two as the database had it."""

    generation: int = 0
    probe: bool = False
    seen: Circuit | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave for one call; hand it to `guard.settle` when the call has ended.

    `at` is the store's time of admission and `ticks` ours, so that the store's
    time at the end is known without asking. `joined`: what the ask was `joining`
    is committed.
    """

    ask: Ask
    store: str
    at: float
    ticks: float
    circuit: Admitted = Admitted()
    host: Admitted = Admitted()
    joined: bool = False

    @property
    def scope(self) -> str:
        return self.ask.gates.scope

    @property
    def probe(self) -> bool:
        return self.circuit.probe

    def now(self) -> float:
        """The store's time now, as far as this process can tell."""
        return self.at + max(0.0, clock.monotonic() - self.ticks)


@dataclass(frozen=True, slots=True)
class End:
    """How a call ended: for its circuit, and for that of its host."""

    outcome: Outcome
    duration_ms: float
    reached: Outcome = "ignored"


@dataclass(frozen=True, slots=True)
class Moved:
    """What the end of a call did to a circuit."""

    scope: str
    transition: Transition


Moves = tuple[Moved, ...]
Settling = Callable[[], Moves]
"""Ask it once for what a settled call did to the circuits; it may wait for the store."""


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
        """Raises the refusal: circuit first, then its host's, then rate, then concurrency."""

    def settle(self, permit: Permit, end: End) -> Settling:
        """Count the end, give back probe and slot."""

    def states(self, prefix: str) -> list[CircuitState]:
        """Every circuit known whose scope begins with `prefix`, by scope."""

    def force(self, scope: str, state: State) -> None:
        """Set one circuit to a state that it keeps until the next `force` or `reset`."""

    def reset(self, prefix: str) -> None:
        """Close every circuit whose scope begins with `prefix`, its window empty."""


def moves(gates: Gates, circuit: Transition | None, host: Transition | None) -> Moves:
    found = ((gates.scope, circuit), (gates.host, host))
    return tuple(Moved(scope, transition) for scope, transition in found if transition)


def refusal(reason: Refused, scope: str, retry_after: float) -> HubError:
    """The error for the caller: what is in the way, and for how long."""
    wait = f"Try again in {retry_after:.3g} s."
    if reason == "host":
        return CircuitOpen(
            f"The circuit of {scope} is open, because no connection to it could be made. {wait}",
            retry_after=retry_after,
            extra={"circuit": scope},
        )
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
