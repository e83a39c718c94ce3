"""The card of events: what is not delivered yet, what was given up, which sinks fail."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q
from django.urls import reverse

from integration_hub.access.home import (
    LINES,
    Card,
    Figure,
    Line,
    Link,
    Tone,
    Viewer,
    counted,
    listing,
    shown,
)
from integration_hub.events.choices import DeliveryStatus
from integration_hub.events.models import Delivery, Event, EventSink

MANY = 1_000
"""So many deliveries wait only where a sink takes none or too few."""

LOOKED_AT = 100
_SINKS = "events_eventsink"
_DELIVERIES = "events_delivery"

FAILING = Q(enabled=True, failing_since__isnull=False) | (Q(enabled=False) & ~Q(disabled_reason=""))
"""Sinks that take nothing now, or that the hub switched off."""


def cards(viewer: Viewer) -> Iterator[Card]:
    """Four statements. Sinks hear of everything, so nobody with limits sees how they are."""
    if viewer.caller.is_limited:
        return
    sinks = _sinks() if viewer.may("events.view_eventsink") else []
    figures = _new() if viewer.may("events.view_event") else []
    figures += _deliveries() if viewer.may("events.view_delivery") else []
    if viewer.may("events.view_eventsink"):
        figures.append(_failing(sinks))
    if not figures:
        return
    yield Card(
        name="events",
        title="Events",
        rank=60,
        figures=figures,
        lines=[_line(sink) for sink in sinks[:LINES]],
        more=Link("All sinks", listing(_SINKS)) if viewer.may("events.view_eventsink") else None,
        empty="Every sink takes what it is told." if viewer.may("events.view_eventsink") else "",
    )


def _new() -> list[Figure]:
    count = counted(Event.objects.filter(fanned_out=False))
    address = listing("events_event", fanned_out__exact="0")
    return [Figure("New events", shown(count), address, Tone.WARN if count > MANY else Tone.OK)]


def _deliveries() -> list[Figure]:
    waiting = counted(Delivery.objects.filter(status=DeliveryStatus.PENDING))
    dead = counted(Delivery.objects.filter(status=DeliveryStatus.DEAD))
    pending = listing(_DELIVERIES, status__exact=DeliveryStatus.PENDING)
    given_up = listing(_DELIVERIES, status__exact=DeliveryStatus.DEAD)
    return [
        Figure("To deliver", shown(waiting), pending, Tone.WARN if waiting > MANY else Tone.OK),
        Figure("Deliveries given up", shown(dead), given_up, Tone.WARN if dead else Tone.OK),
    ]


def _sinks() -> list[EventSink]:
    rows = EventSink.objects.filter(FAILING, owner="").defer("secret")
    return list(rows.order_by("name")[: LOOKED_AT + 1])


def _failing(sinks: list[EventSink]) -> Figure:
    value = f"{LOOKED_AT}+" if len(sinks) > LOOKED_AT else f"{len(sinks)}"
    tone = Tone.BAD if sinks else Tone.OK
    return Figure("Failing sinks", value, listing(_SINKS, state="failing"), tone)


def _line(sink: EventSink) -> Line:
    badge = "failing" if sink.enabled else "switched off by the hub"
    address = reverse(f"admin:{_SINKS}_change", args=[sink.pk])
    reason = sink.last_error if sink.enabled else sink.disabled_reason
    return Line(sink.name, address, badge, Tone.BAD, reason, sink.failing_since)
