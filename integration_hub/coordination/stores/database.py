"""The database: a circuit is swapped by compare-and-set, a bucket and a slot by one upsert.

With only the circuits on, admitting is one SELECT and settling one UPDATE, or one
SELECT when there is nothing to write. All moments are the database's own clock.
Inside a caller's transaction an error of the database is the caller's: that
transaction is lost with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import InterfaceError, OperationalError, connection, transaction

from integration_hub.coordination.models import CircuitRow
from integration_hub.coordination.permit import (
    Admitted,
    Ask,
    CircuitState,
    End,
    Permit,
    Refused,
    Settling,
    StoreDown,
    moves,
    refusal,
)
from integration_hub.coordination.stores import circuits, places
from integration_hub.coordination.stores.circuits import Found
from integration_hub.lib import clock
from integration_hub.lib.resilience import circuit as core
from integration_hub.lib.resilience import limiter
from integration_hub.lib.resilience.circuit import (
    Admission,
    Circuit,
    Outcome,
    Settled,
    State,
    Transition,
)
from integration_hub.lib.resilience.options import HOST_CIRCUIT, CircuitOptions

# Each swap lost means that another got through: a crowd at a half-open circuit.
_TRIES = 20
_SOON = 0.05


class _Full(Exception):
    """No token, or no slot, for `wait` seconds: raised to undo what was taken before."""

    def __init__(self, reason: Refused, wait: float) -> None:
        super().__init__(reason)
        self.reason: Refused = reason
        self.wait = wait


class _Lost(Exception):
    """Another swapped a circuit in between."""


class DatabaseStore:
    name = "database"

    def admit(self, ask: Ask) -> Permit:
        with _or_down():
            try:
                return self._admit(ask)
            except _Full as full:
                raise refusal(full.reason, ask.gates.scope, _turn(ask, full)) from None

    def settle(self, permit: Permit, end: End) -> Settling:
        gates = permit.ask.gates
        host: Transition | None = None
        with _or_down():
            moved = self._settle_circuit(
                gates.scope, gates.circuit, permit, permit.circuit, end.outcome, end.duration_ms
            )
            if _says_something(permit, end):
                host = self._settle_circuit(
                    gates.host, HOST_CIRCUIT, permit, permit.host, end.reached, end.duration_ms
                )
            if gates.limits.max_concurrency > 0:
                # After the circuits, as in admit: two that take both rows wait in one order.
                places.free_slot(gates.slots or gates.scope, permit.ask.token)
        found = moves(gates, moved, host)
        return lambda: found

    def states(self, prefix: str) -> list[CircuitState]:
        with _or_down():
            now = circuits.read("")[0]
            return [
                CircuitState(row.scope, *core.describe(circuits.circuit_of(row), now))
                for row in self._rows(prefix)
            ]

    def force(self, scope: str, state: State) -> None:
        with _or_down(), transaction.atomic():
            for _ in range(_TRIES):
                seen, version = circuits.read_locked(scope)
                if circuits.swap(scope, core.forced(seen, state), version):
                    return

    def reset(self, prefix: str) -> None:
        with _or_down():
            scopes = [row.scope for row in self._rows(prefix)]
            CircuitRow.objects.filter(scope__in=scopes).delete()

    def _admit(self, ask: Ask) -> Permit:
        gates = ask.gates
        for _ in range(_TRIES):
            now, mine, hosts = circuits.read(gates.scope, gates.host)
            first = _knock(ask, mine[0], gates.circuit, now)
            if not first.allowed:
                raise refusal("circuit", gates.scope, self._refused(gates.scope, mine, first))
            second = _knock(ask, hosts[0], HOST_CIRCUIT, now)
            if not second.allowed:
                raise refusal("host", gates.host, self._refused(gates.host, hosts, second))
            try:
                return self._let_go(ask, now, (mine, first), (hosts, second))
            except _Lost:
                continue
        raise refusal("circuit", gates.scope, _SOON)

    def _let_go(
        self,
        ask: Ask,
        now: float,
        mine: tuple[Found, Admission],
        hosts: tuple[Found, Admission],
    ) -> Permit:
        ticks = clock.monotonic()
        limited = ask.gates.limits.max_concurrency > 0 or ask.gates.limits.requests > 0
        if not (limited or mine[1].probe or hosts[1].probe):
            return Permit(ask, self.name, now, ticks, _as_seen(*mine), _as_seen(*hosts))
        # One transaction, for a commit each would cost more than the statements; and what
        # a refused call has taken before (a probe, the slot) is given back with it.
        with transaction.atomic():
            circuit = _swapped(ask.gates.scope, *mine) if mine[1].probe else _as_seen(*mine)
            host = _swapped(ask.gates.host, *hosts) if hosts[1].probe else _as_seen(*hosts)
            at = _take_token(ask)
            _take_slot(ask)
            if ask.joining is not None:
                ask.joining()
        if at:
            now, ticks = at, clock.monotonic()
        return Permit(ask, self.name, now, ticks, circuit, host, ask.joining is not None)

    @staticmethod
    def _refused(scope: str, found: Found, admission: Admission) -> float:
        if admission.circuit != found[0]:  # the clock was set back
            circuits.swap(scope, admission.circuit, found[1])
        return admission.retry_after

    def _settle_circuit(
        self,
        scope: str,
        options: CircuitOptions,
        permit: Permit,
        admitted: Admitted,
        outcome: Outcome,
        duration_ms: float,
    ) -> Transition | None:
        def settled(circuit: Circuit) -> Settled:
            return core.settle(
                circuit,
                options,
                permit.now(),
                outcome=outcome,
                duration_ms=duration_ms,
                generation=admitted.generation,
                probe=permit.ask.token,
            )

        seen = admitted.seen or Circuit()
        end = settled(seen)
        if end.circuit == seen:
            if outcome == "ignored" or circuits.read(scope)[1][1] == admitted.version:
                return None
        elif circuits.swap(scope, end.circuit, admitted.version):
            return end.transition
        # The circuit moved on since the call was admitted: once more, holding its row.
        with transaction.atomic(savepoint=False):
            for _ in range(_TRIES):
                current, version = circuits.read_locked(scope)
                end = settled(current)
                if end.circuit == current or circuits.swap(scope, end.circuit, version):
                    return end.transition
        return None

    @staticmethod
    def _rows(prefix: str) -> list[CircuitRow]:
        rows = CircuitRow.objects.filter(scope__startswith=prefix).order_by("scope")
        # SQLite's LIKE does not tell upper case from lower.
        return [row for row in rows if row.scope.startswith(prefix)]


def _says_something(permit: Permit, end: End) -> bool:
    """Whether the host's circuit is to be looked at again: a success that began when nothing
    was counted changes nothing, so that a call without faults costs no statement for it."""
    if not permit.ask.gates.host or (end.reached == "ignored" and not permit.host.probe):
        return False
    unused = permit.host.seen is None or permit.host.seen.window == ""
    return permit.host.probe or not (end.reached == "success" and unused)


def _knock(ask: Ask, circuit: Circuit, options: CircuitOptions, now: float) -> Admission:
    return core.admit(circuit, options, now, probe=ask.token, probe_seconds=ask.probe_seconds)


def _as_seen(found: Found, admission: Admission) -> Admitted:
    return Admitted(found[0].generation, admission.probe, *found)


def _swapped(scope: str, found: Found, admission: Admission) -> Admitted:
    seen, version = found
    if admission.circuit == seen:
        return _as_seen(found, admission)
    if not circuits.swap(scope, admission.circuit, version):
        raise _Lost
    written = 0 if version is None else version + 1
    return Admitted(admission.circuit.generation, admission.probe, admission.circuit, written)


def _take_slot(ask: Ask) -> None:
    if ask.gates.limits.max_concurrency <= 0:
        return
    place = ask.gates.slots or ask.gates.scope
    most = ask.gates.limits.max_concurrency
    wait = places.take_slot(place, ask.token, ask.slot_seconds, most, batch=ask.batch)
    if wait:
        raise _Full("concurrency", min(wait, ask.hold))


def _take_token(ask: Ask) -> float:
    """When it was taken; 0 without a rate."""
    gates = ask.gates
    if gates.limits.requests <= 0:
        return 0.0
    bucket = gates.bucket or gates.scope
    if ask.lane != "now":
        wait = places.before(f"bucket:{bucket}")
        if wait > limiter.EPSILON:
            raise _Full("rate", wait)
    wait, at = places.take_token(bucket, gates.limits, batch=ask.batch)
    if wait:
        raise _Full("rate", wait)
    return at


def _turn(ask: Ask, full: _Full) -> float:
    gates = ask.gates
    if full.reason == "rate":
        place, each = f"bucket:{gates.bucket or gates.scope}", limiter.interval(gates.limits)
    else:
        place = f"slots:{gates.slots or gates.scope}"
        each = ask.hold / _slots_of(ask)
    return places.take_turn(place, ask.lane, wait=full.wait, each=each, patience=ask.patience)


def _slots_of(ask: Ask) -> int:
    most = ask.gates.limits.max_concurrency
    return most - limiter.kept_from_batch(most) if ask.batch else most


@contextmanager
def _or_down() -> Iterator[None]:
    joined = connection.in_atomic_block
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        if joined:
            raise
        raise StoreDown from error
