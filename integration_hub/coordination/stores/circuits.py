"""Rows of circuits: read with the time of the read, swapped by compare-and-set."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, cast

from django.db import DEFAULT_DB_ALIAS

from integration_hub.coordination import prepared
from integration_hub.coordination.models import CircuitRow
from integration_hub.coordination.statement import (
    RowUpdate,
    insert_unless_taken,
    write_together,
)
from integration_hub.coordination.stores.moment import now_sql
from integration_hub.lib.resilience.circuit import Circuit, State

_READ = (
    "SELECT t.moment, c.scope, c.state, c.window, c.opened_at, c.cooldown, c.probes, c.good, "  # noqa: S608
    "c.bad, c.generation, c.version FROM (SELECT {now} AS moment) t "
    f'LEFT JOIN "{CircuitRow._meta.db_table}" c ON c.scope IN (%s, %s)'
)
#: A circuit and its version; None as long as it has no row.
Found = tuple[Circuit, int | None]
_NEW: Found = (Circuit(), None)


def read(scope: str, other: str = "") -> tuple[float, Found, Found]:
    """The database's time, and both circuits, in one SELECT."""
    now, params = now_sql()
    rows = prepared.read(DEFAULT_DB_ALIAS, _at(now), [*params, scope, other or scope])
    found = {row[1]: (_circuit(*row[2:-1]), row[-1]) for row in rows if row[1] is not None}
    return float(rows[0][0]), found.get(scope, _NEW), found.get(other, _NEW)


def read_locked(scope: str) -> Found:
    """The same inside a transaction, which then is the only one to swap it."""
    row = CircuitRow.objects.select_for_update().filter(scope=scope).first()
    return _NEW if row is None else (circuit_of(row), row.version)


def swap(scope: str, circuit: Circuit, version: int | None) -> bool:
    """Put `circuit` in the place of `version`. False: another was first."""
    columns: dict[str, Any] = {
        "state": circuit.state,
        "window": circuit.window,
        "opened_at": circuit.opened_at,
        "cooldown": circuit.cooldown,
        "probes": json.dumps(dict(circuit.probes)),
        "good": circuit.good,
        "bad": circuit.bad,
        "generation": circuit.generation,
    }
    if version is None:
        return insert_unless_taken(CircuitRow(scope=scope, version=0, **columns), [])
    update = RowUpdate(
        CircuitRow, {"scope": scope, "version": version}, columns | {"version": version + 1}
    )
    return write_together(updates=[update]) == [1]


@lru_cache(maxsize=2)
def _at(now: str) -> str:
    return _READ.format(now=now)


def circuit_of(row: CircuitRow) -> Circuit:
    return _circuit(
        row.state,
        row.window,
        row.opened_at,
        row.cooldown,
        row.probes,
        row.good,
        row.bad,
        row.generation,
    )


def _circuit(
    state: str,
    window: str,
    opened_at: float,
    cooldown: float,
    probes: str,
    good: int,
    bad: int,
    generation: int,
) -> Circuit:
    in_flight = () if probes == "{}" else tuple(json.loads(probes).items())
    return Circuit(
        cast(State, state), window, opened_at, cooldown, in_flight, good, bad, generation
    )
