"""This process alone: what the guard works on while the shared store is away."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field, replace

from integration_hub.coordination.permit import (
    Admitted,
    Ask,
    CircuitState,
    End,
    Permit,
    Refused,
    Settling,
    moves,
    refusal,
)
from integration_hub.lib import clock
from integration_hub.lib.resilience import circuit as core
from integration_hub.lib.resilience import limiter, turns
from integration_hub.lib.resilience.circuit import Circuit, Outcome, State, Transition
from integration_hub.lib.resilience.options import HOST_CIRCUIT, CircuitOptions, LimitOptions

MAX_SCOPES = 10_000


@dataclass(slots=True)
class _Kept:
    circuit: Circuit = field(default_factory=Circuit)
    arrival: float = 0.0
    slots: dict[str, float] = field(default_factory=dict)
    turns: dict[tuple[Refused, turns.Lane], float] = field(default_factory=dict)


class LocalStore:
    """Its limits are the share of one process among `processes`."""

    name = "local"

    def __init__(self) -> None:
        self.processes = 1
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def admit(self, ask: Ask) -> Permit:
        now = clock.now().timestamp()
        gates, limits = ask.gates, self._share(ask.gates.limits)
        with self._lock:
            mine = self._knock(ask, gates.scope, gates.circuit, "circuit", now)
            host = Circuit()
            if gates.host:
                host = self._knock(ask, gates.host, HOST_CIRCUIT, "host", now)
            self._limit(ask, limits, now)
            circuit = self._let_go(gates.scope, mine)
            hosts = self._let_go(gates.host, host) if gates.host else Admitted()
        return Permit(ask, self.name, now, clock.monotonic(), circuit, hosts)

    def settle(self, permit: Permit, end: End) -> Settling:
        gates, token = permit.ask.gates, permit.ask.token
        # What a shared store admitted is counted here too when that store has gone since.
        ours = permit.store == self.name
        with self._lock:
            self._of(gates.slots or gates.scope).slots.pop(token, None)
            mine = permit.circuit if ours else None
            moved = self._count(gates.scope, gates.circuit, mine, token, end.outcome, end)
            host: Transition | None = None
            if gates.host:
                theirs = permit.host if ours else None
                host = self._count(gates.host, HOST_CIRCUIT, theirs, token, end.reached, end)
        found = moves(gates, moved, host)
        return lambda: found

    def states(self, prefix: str) -> list[CircuitState]:
        now = clock.now().timestamp()
        with self._lock:
            found = [
                (name, self._kept[name]) for name in sorted(self._kept) if name.startswith(prefix)
            ]
            return [CircuitState(scope, *core.describe(kept.circuit, now)) for scope, kept in found]

    def force(self, scope: str, state: State) -> None:
        with self._lock:
            kept = self._of(scope)
            kept.circuit = core.forced(kept.circuit, state)

    def reset(self, prefix: str) -> None:
        with self._lock:
            for scope, kept in self._kept.items():
                if scope.startswith(prefix):
                    kept.circuit = Circuit()

    def forget(self) -> None:
        """Start from nothing: what was kept in an earlier outage says little in this one."""
        with self._lock:
            self._kept.clear()

    def _knock(
        self, ask: Ask, scope: str, options: CircuitOptions, reason: Refused, now: float
    ) -> Circuit:
        kept = self._of(scope)
        found = core.admit(
            kept.circuit, options, now, probe=ask.token, probe_seconds=ask.probe_seconds
        )
        if not found.allowed:
            kept.circuit = found.circuit
            raise refusal(reason, scope, found.retry_after)
        return found.circuit

    def _let_go(self, scope: str, circuit: Circuit) -> Admitted:
        self._of(scope).circuit = circuit
        return Admitted(circuit.generation, circuit.state == "half_open")

    def _count(
        self,
        scope: str,
        options: CircuitOptions,
        admitted: Admitted | None,
        token: str,
        outcome: Outcome,
        end: End,
    ) -> Transition | None:
        kept = self._of(scope)
        settled = core.settle(
            kept.circuit,
            options,
            clock.now().timestamp(),
            outcome=outcome,
            duration_ms=end.duration_ms,
            generation=kept.circuit.generation if admitted is None else admitted.generation,
            probe=token,
        )
        kept.circuit = settled.circuit
        return settled.transition

    def _limit(self, ask: Ask, limits: LimitOptions, now: float) -> None:
        bucket = self._of(ask.gates.bucket or ask.gates.scope)
        arrival = bucket.arrival
        if limits.requests > 0:
            taken = limiter.take(limits, bucket.arrival, now, batch=ask.batch)
            wait = max(taken.retry_after, _before(bucket, ask, now))
            if wait > limiter.EPSILON:
                each = limiter.interval(limits)
                raise refusal("rate", ask.gates.scope, _turn(bucket, ask, "rate", now, wait, each))
            arrival = taken.arrival
        if limits.max_concurrency > 0:
            self._take_slot(ask, limits.max_concurrency, now)
        bucket.arrival = arrival

    def _take_slot(self, ask: Ask, most: int, now: float) -> None:
        kept = self._of(ask.gates.slots or ask.gates.scope)
        kept.slots = {token: end for token, end in kept.slots.items() if end > now}
        most -= limiter.kept_from_batch(most) if ask.batch else 0
        if len(kept.slots) >= most:
            wait = min(min(kept.slots.values()) - now, ask.hold)
            turn = _turn(kept, ask, "concurrency", now, wait, ask.hold / most)
            raise refusal("concurrency", ask.gates.scope, turn)
        kept.slots[ask.token] = now + ask.slot_seconds

    def _share(self, limits: LimitOptions) -> LimitOptions:
        if self.processes <= 1:
            return limits
        slots = limits.max_concurrency
        return replace(
            limits,
            per_seconds=limits.per_seconds * self.processes,
            burst=limits.burst // self.processes,
            max_concurrency=max(1, slots // self.processes) if slots > 0 else 0,
        )

    def _of(self, scope: str) -> _Kept:
        kept = self._kept.get(scope)
        if kept is None:
            kept = self._kept[scope] = _Kept()
            if len(self._kept) > MAX_SCOPES:
                self._kept.popitem(last=False)
        self._kept.move_to_end(scope)
        return kept


def _before(bucket: _Kept, ask: Ask, now: float) -> float:
    """How long who is not waiting now lets those go first who are."""
    return 0.0 if ask.lane == "now" else bucket.turns.get(("rate", "now"), 0.0) - now


def _turn(place: _Kept, ask: Ask, reason: Refused, now: float, wait: float, each: float) -> float:
    ends = place.turns.get((reason, ask.lane), 0.0)
    turn = turns.take(ends, now, wait=wait, each=each, patience=ask.patience)
    place.turns[reason, ask.lane] = turn.ends
    return turn.wait
