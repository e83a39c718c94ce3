"""The circuits of an instance: what calls do to them and who hears of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.models import Model

from executor.calls import Target
from executor.choices import CircuitChanged
from executor.models import CircuitChange
from executor.outcome import HeldPermit
from integration_hub.coordination import guard
from integration_hub.coordination.guard import Moved, Moves, Settling
from integration_hub.events import services as events
from integration_hub.events.choices import EventType
from integration_hub.lib import clock, metrics
from integration_hub.lib.resilience.options import HOST_CIRCUIT

_TYPES = {"opened": EventType.CIRCUIT_OPENED, "closed": EventType.CIRCUIT_CLOSED}


def settling(held: HeldPermit) -> Settling:
    """Give the permit back; ask the answer once for what that did to the circuits."""
    return guard.settling(
        held.permit, outcome=held.verdict, duration_ms=held.duration_ms, reached=held.reached
    )


@contextmanager
def told(target: Target, held: HeldPermit | None) -> Iterator[None]:
    """Settle the permit while the block writes, then tell what that did to the circuits.

    In the caller's transaction the news are its own, as are circuits in the database.
    """
    if held is None:
        yield
        return
    answer = settling(held)
    moved: Moves = ()
    try:
        yield
    finally:
        moved = answer()
    announce(target, moved, held)


def announce(target: Target, moved: Moves, held: HeldPermit) -> None:
    """Write the news and the history of circuits that opened or closed, if any did."""
    for item in moved:
        for row in _rows(target, item, held):
            row.save(force_insert=True)


def _rows(target: Target, moved: Moved, held: HeldPermit) -> list[Model]:
    slug, method = target.instance.slug, target.method.name
    own = moved.scope == target.scope
    if moved.transition == "opened" and own:
        metrics.circuit_opened_total.labels(slug, method).inc()
    reason = _reason(target, moved, held)
    data = {"instance": slug, "method": method, "scope": moved.scope, "reason": reason}
    change = CircuitChange(
        scope=moved.scope,
        instance_id=target.instance.id,
        instance_slug=slug,
        at=clock.now(),
        change=CircuitChanged(moved.transition),
        reason=reason,
    )
    return [change, events.build(type=_TYPES[moved.transition], subject=slug, data=data)]


def _reason(target: Target, moved: Moved, held: HeldPermit) -> str:
    own = moved.scope == target.scope
    options = target.method.circuit if own else HOST_CIRCUIT
    probed = held.permit.circuit.probe if own else held.permit.host.probe
    if moved.transition == "closed":
        return "The probes went well."
    slow = held.verdict == "success"
    last = f"took {held.duration_ms:.0f} ms" if slow else "failed"
    if probed:
        return f"A probe {last}."
    if not own:
        return f"The last {options.window} calls to {moved.scope[5:]} found no connection."
    unit = "calls" if options.window_type == "count" else "seconds"
    return (
        f"At least {options.failure_rate:.0%} of the calls in the last {options.window} {unit} "
        f"failed or took over {options.slow_call_ms} ms; the last one {last}."
    )
