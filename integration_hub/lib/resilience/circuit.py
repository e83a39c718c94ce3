"""The circuit breaker as a pure machine: state and time in, decision and new state out.

    closed ──rate reached──▶ open ──cooldown over, next call──▶ half_open
      ▲                        ▲                                    │
      └──── probes well ───────┼──────────── probes bad ────────────┘

`forced_open` refuses and `disabled` admits everything; neither moves by itself.
The words are resilience4j's: a call is bad when it failed or was slower than
`slow_call_ms`; `failure_rate` is compared once `min_calls` (clipped to a count
window) are in the window. A half-open circuit gives out `half_open_calls` probes
in all; a probe that ends as ignored, or whose time is over, goes back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from integration_hub.lib.resilience import window
from integration_hub.lib.resilience.options import CircuitOptions

State = Literal["closed", "open", "half_open", "forced_open", "disabled"]
Outcome = Literal["success", "failure", "ignored"]
Transition = Literal["opened", "closed"]

# A probe ends by then whatever the caller asked for, so that a clock which was
# set back cannot hold one for longer.
MAX_PROBE_SECONDS = 3600.0
# How soon to ask again when all probes are in flight: they end on their own time.
_PROBE_WAIT = 1.0


@dataclass(frozen=True, slots=True)
class Circuit:
    """One circuit. `probes` are those in flight: (id, end). Moments are seconds.

    `generation` grows with every change of state; what was admitted in an
    earlier one is not counted in a later one. `cooldown` is what it was opened
    for, for those who look; a decision takes the options of its time.
    """

    state: State = "closed"
    window: str = ""
    opened_at: float = 0.0
    cooldown: float = 0.0
    probes: tuple[tuple[str, float], ...] = ()
    good: int = 0
    bad: int = 0
    generation: int = 0


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether a call may go, as a probe or not; if not, when to ask again (seconds).

    A refusal leaves the circuit as it was, but for a clock that was set back.
    """

    allowed: bool
    circuit: Circuit
    probe: bool = False
    retry_after: float = 0.0


@dataclass(frozen=True, slots=True)
class Settled:
    circuit: Circuit
    transition: Transition | None = None


def admit(
    circuit: Circuit, options: CircuitOptions, now: float, *, probe: str, probe_seconds: float
) -> Admission:
    """May a call go? In half-open it goes as the probe named `probe`."""
    if circuit.state in ("closed", "disabled"):
        return Admission(True, circuit)
    cooldown = options.cooldown_ms / 1000
    if circuit.state == "forced_open":
        return Admission(False, circuit, retry_after=cooldown)
    if circuit.state == "open":
        if now < circuit.opened_at:  # the clock was set back: wait one cooldown from here
            circuit = replace(circuit, opened_at=now)
        left = circuit.opened_at + cooldown - now
        if left > 0:
            return Admission(False, circuit, retry_after=left)
        circuit = Circuit("half_open", generation=circuit.generation + 1)
    return _probe(circuit, options, now, probe, min(probe_seconds, MAX_PROBE_SECONDS))


def settle(
    circuit: Circuit,
    options: CircuitOptions,
    now: float,
    *,
    outcome: Outcome,
    duration_ms: float,
    generation: int,
    probe: str = "",
) -> Settled:
    """Count the end of a call that was admitted in `generation`, as `probe` if it was one."""
    bad = outcome == "failure" or (outcome == "success" and 0 < options.slow_call_ms < duration_ms)
    if circuit.state == "half_open":
        return _settle_probe(circuit, options, now, outcome, bad, probe)
    if circuit.state != "closed" or circuit.generation != generation or outcome == "ignored":
        return Settled(circuit)
    if not bad and _only_in_a_row(options):
        return Settled(replace(circuit, window=""))
    circuit = replace(circuit, window=window.record(circuit.window, options, now, bad=bad))
    calls, failed = window.counts(circuit.window)
    needed = options.min_calls
    if options.window_type == "count":
        needed = min(needed, options.window)
    if calls >= needed and failed and failed / calls >= options.failure_rate:
        return Settled(_open(circuit, options, now), "opened")
    return Settled(circuit)


def describe(circuit: Circuit, now: float) -> tuple[State, float]:
    """The state as a call would find it, and the seconds until an open one lets a probe go."""
    if circuit.state != "open":
        return circuit.state, 0.0
    left = circuit.opened_at + circuit.cooldown - now
    return ("open", left) if left > 0 else ("half_open", 0.0)


def _only_in_a_row(options: CircuitOptions) -> bool:
    """Whether one good call makes all before it count for nothing, so that none is kept."""
    counted = options.window_type == "count" and options.min_calls >= options.window
    return counted and options.failure_rate >= 1


def _probe(
    circuit: Circuit, options: CircuitOptions, now: float, probe: str, seconds: float
) -> Admission:
    alive = tuple(item for item in circuit.probes if now < item[1] <= now + MAX_PROBE_SECONDS)
    permits = max(1, options.half_open_calls)
    good, bad = circuit.good, circuit.bad
    if not alive and good + bad >= permits:
        good = bad = 0  # the option was lowered below what is counted already: start over
    if len(alive) + good + bad >= permits:
        left = min(end for _, end in alive) - now
        return Admission(False, circuit, retry_after=min(left, _PROBE_WAIT))
    probes = (*alive, (probe, now + seconds))
    return Admission(True, replace(circuit, probes=probes, good=good, bad=bad), probe=True)


def _settle_probe(
    circuit: Circuit,
    options: CircuitOptions,
    now: float,
    outcome: Outcome,
    bad: bool,
    probe: str,
) -> Settled:
    left = tuple(item for item in circuit.probes if item[0] != probe)
    if len(left) == len(circuit.probes):
        return Settled(circuit)  # returned by time-out, or not one of these probes
    circuit = replace(circuit, probes=left)
    if outcome == "ignored":
        return Settled(circuit)
    circuit = replace(circuit, good=circuit.good + (not bad), bad=circuit.bad + bad)
    permits = max(1, options.half_open_calls)
    if circuit.bad and circuit.bad / permits >= options.failure_rate:
        return Settled(_open(circuit, options, now), "opened")  # whatever the others say
    if circuit.good + circuit.bad >= permits:
        return Settled(Circuit("closed", generation=circuit.generation + 1), "closed")
    return Settled(circuit)


def forced(circuit: Circuit, state: State) -> Circuit:
    """The circuit as an operator sets it: nothing counted, nothing in flight known."""
    return Circuit(state, generation=circuit.generation + 1)


def _open(circuit: Circuit, options: CircuitOptions, now: float) -> Circuit:
    return Circuit(
        "open",
        opened_at=now,
        cooldown=options.cooldown_ms / 1000,
        generation=circuit.generation + 1,
    )
