"""The circuits of an instance: their news, their states, their reset."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from executor.calls import Target
from integration_hub.audit import services as audit
from integration_hub.coordination import guard
from integration_hub.events import services as events
from integration_hub.events.choices import EventType
from integration_hub.events.models import Event
from integration_hub.lib import metrics
from registry.runtime import RuntimeInstance

_TYPES = {"opened": EventType.CIRCUIT_OPENED, "closed": EventType.CIRCUIT_CLOSED}


def news(target: Target, moved: str | None) -> list[Event]:
    """The unsaved event of a circuit that opened or closed, if it did."""
    if moved is None:
        return []
    slug, method = target.instance.slug, target.method.name
    if moved == "opened":
        metrics.circuit_opened_total.labels(slug, method).inc()
    data = {"instance": slug, "method": method, "scope": target.scope}
    return [events.build(type=_TYPES[moved], subject=slug, data=data)]


def announce(target: Target, moved: str | None) -> None:
    """Write that news in the caller's transaction."""
    for event in news(target, moved):
        event.save(force_insert=True)


def states(instance: RuntimeInstance) -> list[dict[str, Any]]:
    """What is known of each method's circuit, `scope` being the method's name."""
    prefix = f"{instance.id}:"
    return [
        {
            "scope": found.scope.removeprefix(prefix),
            "state": found.state,
            "retry_after": found.retry_after,
        }
        for found in guard.states(prefix)
    ]


@transaction.atomic
def reset(instance: RuntimeInstance, *, actor: str) -> list[dict[str, Any]]:
    """Close every circuit of the instance and forget what it counted; returns those it closed."""
    known = states(instance)
    audit.record(
        actor=actor,
        action="instance.circuits_reset",
        target_type="instance",
        target=instance.slug,
    )
    guard.reset(f"{instance.id}:")
    return [{**row, "state": "closed", "retry_after": 0.0} for row in known]
