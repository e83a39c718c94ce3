"""This process alone: what the guard works on while the shared store is away."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field, replace

from integration_hub.coordination.permit import Ask, CircuitState, Permit, refusal
from integration_hub.lib import clock
from integration_hub.lib.resilience import circuit as core
from integration_hub.lib.resilience import limiter
from integration_hub.lib.resilience.circuit import Circuit, Outcome, Transition
from integration_hub.lib.resilience.options import LimitOptions

MAX_SCOPES = 10_000


@dataclass(slots=True)
class _Kept:
    circuit: Circuit = field(default_factory=Circuit)
    arrival: float = 0.0
    slots: dict[str, float] = field(default_factory=dict)


class LocalStore:
    """Its limits are the share of one process among `processes`."""

    name = "local"

    def __init__(self) -> None:
        self.processes = 1
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def admit(self, ask: Ask) -> Permit:
        now = clock.now().timestamp()
        limits = self._share(ask.limits)
        with self._lock:
            kept = self._of(ask.scope)
            admission = core.admit(
                kept.circuit, ask.circuit, now, probe=ask.token, probe_seconds=ask.probe_seconds
            )
            if not admission.allowed:
                kept.circuit = admission.circuit
                raise refusal("circuit", ask.scope, admission.retry_after)
            self._limit(kept, ask, limits, now)
            kept.circuit = admission.circuit
        return Permit(
            ask, self.name, now, clock.monotonic(), admission.circuit.generation, admission.probe
        )

    def settle(self, permit: Permit, outcome: Outcome, duration_ms: float) -> Transition | None:
        ask = permit.ask
        with self._lock:
            kept = self._of(ask.scope)
            kept.slots.pop(ask.token, None)
            # What a shared store admitted is counted here too when that store has gone since.
            ours = permit.store == self.name
            settled = core.settle(
                kept.circuit,
                ask.circuit,
                clock.now().timestamp(),
                outcome=outcome,
                duration_ms=duration_ms,
                generation=permit.generation if ours else kept.circuit.generation,
                probe=ask.token,
            )
            kept.circuit = settled.circuit
        return settled.transition

    def states(self, prefix: str) -> list[CircuitState]:
        now = clock.now().timestamp()
        with self._lock:
            found = [
                (name, self._kept[name]) for name in sorted(self._kept) if name.startswith(prefix)
            ]
            return [CircuitState(scope, *core.describe(kept.circuit, now)) for scope, kept in found]

    def reset(self, prefix: str) -> None:
        with self._lock:
            for scope, kept in self._kept.items():
                if scope.startswith(prefix):
                    kept.circuit = Circuit()

    def forget(self) -> None:
        """Start from nothing: what was kept in an earlier outage says little in this one."""
        with self._lock:
            self._kept.clear()

    def _limit(self, kept: _Kept, ask: Ask, limits: LimitOptions, now: float) -> None:
        arrival = kept.arrival
        if limits.requests > 0:
            taken = limiter.take(limits, kept.arrival, now)
            if not taken.allowed:
                raise refusal("rate", ask.scope, taken.retry_after)
            arrival = taken.arrival
        if limits.max_concurrency > 0:
            kept.slots = {token: end for token, end in kept.slots.items() if end > now}
            if len(kept.slots) >= limits.max_concurrency:
                left = min(kept.slots.values()) - now
                raise refusal("concurrency", ask.scope, min(left, 1.0))
            kept.slots[ask.token] = now + ask.slot_seconds
        kept.arrival = arrival

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
