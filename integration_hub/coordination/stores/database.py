"""The database: a circuit is swapped by compare-and-set, a bucket and a slot by one upsert.

With only the circuit on, admitting is one SELECT and settling one UPDATE, or one
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
    Ask,
    CircuitState,
    Permit,
    StoreDown,
    refusal,
)
from integration_hub.coordination.stores import circuits, places
from integration_hub.lib import clock
from integration_hub.lib.resilience import circuit as core
from integration_hub.lib.resilience.circuit import Circuit, Outcome, Settled, Transition

# Each swap lost means that another got through: a crowd at a half-open circuit.
_TRIES = 20
_SOON = 0.05


class DatabaseStore:
    name = "database"

    def admit(self, ask: Ask) -> Permit:
        limits = ask.limits
        if limits.max_concurrency <= 0 and limits.requests <= 0:
            with _or_down():
                return self._admit_circuit(ask)
        # One transaction, for a commit each would cost more than the statements; and what
        # a refused call has taken before (the probe, the slot) is given back with it.
        with _or_down(), transaction.atomic():
            permit = self._admit_circuit(ask)
            if limits.max_concurrency > 0:
                wait = places.take_slot(
                    ask.scope, ask.token, ask.slot_seconds, limits.max_concurrency
                )
                if wait:
                    raise refusal("concurrency", ask.scope, wait)
            if limits.requests > 0:
                wait = places.take_token(ask.scope, limits)
                if wait:
                    raise refusal("rate", ask.scope, wait)
            return permit

    def settle(self, permit: Permit, outcome: Outcome, duration_ms: float) -> Transition | None:
        ask = permit.ask
        with _or_down():
            moved = self._settle_circuit(permit, outcome, duration_ms)
            if ask.limits.max_concurrency > 0:
                # After the circuit, as in admit: two that take both rows wait in one order.
                places.free_slot(ask.scope, ask.token)
            return moved

    def states(self, prefix: str) -> list[CircuitState]:
        with _or_down():
            now = circuits.read("")[0]
            return [
                CircuitState(row.scope, *core.describe(circuits.circuit_of(row), now))
                for row in self._rows(prefix)
            ]

    def reset(self, prefix: str) -> None:
        with _or_down():
            scopes = [row.scope for row in self._rows(prefix)]
            CircuitRow.objects.filter(scope__in=scopes).delete()

    def _admit_circuit(self, ask: Ask) -> Permit:
        for _ in range(_TRIES):
            now, seen, version = circuits.read(ask.scope)
            admission = core.admit(
                seen, ask.circuit, now, probe=ask.token, probe_seconds=ask.probe_seconds
            )
            if admission.circuit != seen:
                if not circuits.swap(ask.scope, admission.circuit, version):
                    continue
                version = 0 if version is None else version + 1
            if not admission.allowed:
                raise refusal("circuit", ask.scope, admission.retry_after)
            return Permit(
                ask,
                self.name,
                now,
                clock.monotonic(),
                admission.circuit.generation,
                admission.probe,
                admission.circuit,
                version,
            )
        raise refusal("circuit", ask.scope, _SOON)

    def _settle_circuit(
        self, permit: Permit, outcome: Outcome, duration_ms: float
    ) -> Transition | None:
        seen = permit.seen or Circuit()
        settled = _settle(seen, permit, outcome, duration_ms)
        if settled.circuit == seen:
            if outcome == "ignored" or circuits.read(permit.scope)[2] == permit.version:
                return None
        elif circuits.swap(permit.scope, settled.circuit, permit.version):
            return settled.transition
        return self._settle_locked(permit, outcome, duration_ms)

    @staticmethod
    def _settle_locked(permit: Permit, outcome: Outcome, duration_ms: float) -> Transition | None:
        """The circuit moved on since the call was admitted: once more, holding its row."""
        with transaction.atomic(savepoint=False):
            for _ in range(_TRIES):
                current, version = circuits.read_locked(permit.scope)
                settled = _settle(current, permit, outcome, duration_ms)
                if settled.circuit == current or circuits.swap(
                    permit.scope, settled.circuit, version
                ):
                    return settled.transition
        return None

    @staticmethod
    def _rows(prefix: str) -> list[CircuitRow]:
        rows = CircuitRow.objects.filter(scope__startswith=prefix).order_by("scope")
        # SQLite's LIKE does not tell upper case from lower.
        return [row for row in rows if row.scope.startswith(prefix)]


def _settle(seen: Circuit, permit: Permit, outcome: Outcome, duration_ms: float) -> Settled:
    return core.settle(
        seen,
        permit.ask.circuit,
        permit.now(),
        outcome=outcome,
        duration_ms=duration_ms,
        generation=permit.generation,
        probe=permit.ask.token,
    )


@contextmanager
def _or_down() -> Iterator[None]:
    joined = connection.in_atomic_block
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        if joined:
            raise
        raise StoreDown from error
