"""What operators said of circuits: kept in the database, whatever becomes of the shared store.

Every process learns of it by the revision that a request reads anyway: as long as no
operator ever held a circuit open or switched one off, a call pays a look into a dict.
"""

from __future__ import annotations

from typing import cast

from django.db import transaction

from integration_hub.coordination import guard, revision
from integration_hub.coordination.guard import CircuitState
from integration_hub.coordination.models import OperatedRow
from integration_hub.coordination.permit import refusal
from integration_hub.coordination.revision import Cached
from integration_hub.lib.resilience.circuit import State
from integration_hub.lib.resilience.options import HOST_CIRCUIT, CircuitOptions

FAMILY = "circuits"
MAX_OPERATED = 10_000
_KEPT: tuple[State, ...] = ("forced_open", "disabled")
_ALL = "all"

# Never opens: no second has as many calls.
_OFF = CircuitOptions(
    window_type="time", window=1, min_calls=1_000_000_000, failure_rate=1.0, slow_call_ms=0
)

_operated: Cached[dict[str, State]] = Cached(FAMILY)


def judge(*, scope: str, circuit: CircuitOptions, host: str) -> tuple[CircuitOptions, str]:
    """The circuit that counts and the host that does, or "" for none. Raises CircuitOpen."""
    if not revision.snapshot().get(FAMILY):
        return circuit, host
    found = _operated.get(_ALL, _load)
    own, of_host = found.get(scope), found.get(host)
    if own == "forced_open":
        raise refusal("circuit", scope, circuit.cooldown_ms / 1000)
    if of_host == "forced_open":
        raise refusal("host", host, HOST_CIRCUIT.cooldown_ms / 1000)
    return _OFF if own == "disabled" else circuit, "" if of_host == "disabled" else host


@transaction.atomic
def force(scope: str, state: State) -> None:
    """Hold a circuit open or switch it off until it is `closed` again."""
    rows = OperatedRow.objects.filter(scope=scope)
    if state in _KEPT:
        OperatedRow.objects.update_or_create(scope=scope, defaults={"state": state})
        revision.bump(FAMILY)
    elif rows.delete()[0]:
        revision.bump(FAMILY)
    guard.force(scope, state)


def states(prefix: str) -> list[CircuitState]:
    """The circuits whose scope begins with `prefix`; what an operator said stands."""
    found = {item.scope: item for item in guard.states(prefix)}
    rows = OperatedRow.objects.filter(scope__startswith=prefix).order_by("scope")
    for row in rows[:MAX_OPERATED]:
        found[row.scope] = CircuitState(row.scope, cast(State, row.state), 0.0)
    return [found[scope] for scope in sorted(found)]


def _load() -> dict[str, State]:
    rows = OperatedRow.objects.order_by("scope").values_list("scope", "state")
    return {scope: cast(State, state) for scope, state in rows[:MAX_OPERATED]}
