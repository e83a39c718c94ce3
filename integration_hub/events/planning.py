"""What goes out next: new events are fanned out to sinks, due deliveries are claimed.

Relays plan one after another (a lock of the database, held for milliseconds) and
deliver side by side. Within one sink and subject nothing is claimed behind a delivery
that waits for its next attempt or that another relay holds, so a failing head blocks
its own key alone; one that has stepped aside blocks nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from integration_hub.coordination import rows
from integration_hub.events import callbacks, filters, moment
from integration_hub.events.choices import DeliveryStatus
from integration_hub.events.models import Delivery, Event, EventSink, PositionCounter
from integration_hub.events.sink import sinks
from integration_hub.events.sink_config import public_config

LEASE = timedelta(seconds=120)
SHARE = 100
"""Deliveries of one sink that one plan claims."""
PROBES = 10
"""The same of a sink that fails, or has taken nothing at its address yet."""
_PLANNING = 0x68756265  # an advisory lock of PostgreSQL, of no other meaning


@dataclass(frozen=True, slots=True)
class Plan:
    """`fanned`: how many events were fanned out; `claimed` has event and sink loaded."""

    fanned: int
    claimed: Sequence[Delivery]


def plan(*, limit: int, without: Collection[UUID] = ()) -> Plan:
    """Fan out and claim up to `limit` each, nothing for the sinks `without`."""
    if not anything_to_do(without):
        return Plan(0, ())
    with transaction.atomic():
        _plan_alone()
        now = moment.now()
        fanned = fan_out(now=now, limit=limit)
        return Plan(fanned, claim(now=now, limit=limit, without=without))


def fan_out(*, now: datetime, limit: int) -> int:
    """A delivery for each sink that wants each new event, oldest first; how many events."""
    events = list(Event.objects.filter(fanned_out=False).order_by("id")[:limit])
    if not events:
        return 0
    _give_positions(events)
    enabled = list(EventSink.objects.filter(enabled=True, owner="").defer("secret"))
    wanted = filters.Wanted(enabled, events)
    Delivery.objects.bulk_create(
        [
            rows.new(
                Delivery,
                event_id=event.pk,
                sink_id=sink.pk,
                subject=event.subject,
                position=event.position,
                due_at=now + held,
            )
            for sink, held in ((sink, _held(sink)) for sink in enabled)
            for event in events
            if wanted.by(sink, event)
        ],
        ignore_conflicts=True,
    )
    callbacks.plan(events, now)
    return len(events)


def claim(*, now: datetime, limit: int, without: Collection[UUID] = ()) -> Sequence[Delivery]:
    """Lease what is due, in the order of its events, a share for each sink."""
    found = {sink.pk: sink for sink in awake(now).exclude(pk__in=without)}
    wanted: list[UUID] = []
    for sink in found.values():
        share = min(limit - len(wanted), SHARE if is_proven(sink) else PROBES)
        if share <= 0:
            break
        ready = due(now).filter(sink=sink).order_by("position", "event_id")
        wanted += ready.values_list("pk", flat=True)[:share]
    lease_until = now + LEASE
    free = Delivery.objects.filter(_is_free(now), pk__in=wanted, status=DeliveryStatus.PENDING)
    if not wanted or not free.update(lease_until=lease_until, attempts=F("attempts") + 1):
        return []
    mine = Delivery.objects.filter(pk__in=wanted, lease_until=lease_until)
    claimed = list(mine.select_related("event").order_by("position", "event_id"))
    for delivery in claimed:
        delivery.sink = found[delivery.sink_id]
    return claimed


def awake(now: datetime) -> QuerySet[EventSink]:
    """The sinks that wait for something and may be told now; those that fail come last."""
    waiting = Delivery.objects.filter(sink=OuterRef("pk"), status=DeliveryStatus.PENDING)
    return EventSink.objects.filter(
        Exists(waiting), Q(paused_until=None) | Q(paused_until__lte=now), enabled=True
    ).order_by(F("failing_since").desc(nulls_first=True), "pk")


def is_proven(sink: EventSink) -> bool:
    """Whether it took an event at its present address, and the last one too."""
    return sink.proven_at is not None and sink.failing_since is None


def due(now: datetime) -> QuerySet[Delivery]:
    """Deliveries that may go out now: nothing of their key waits or is held before them."""
    before = Delivery.objects.filter(
        sink=OuterRef("sink"),
        subject=OuterRef("subject"),
        position__lt=OuterRef("position"),
        status=DeliveryStatus.PENDING,
        stepped_aside=False,
    )
    blocked = before.filter(Q(due_at__gt=now) | Q(lease_until__gt=now))
    paused = EventSink.objects.filter(paused_until__gt=now).values("pk")
    return Delivery.objects.filter(
        _is_free(now),
        ~Exists(blocked),
        status=DeliveryStatus.PENDING,
        due_at__lte=now,
        sink__enabled=True,
    ).exclude(sink__in=paused)


def anything_to_do(without: Collection[UUID] = ()) -> bool:
    """Asked without a lock, so that an idle relay costs two reads."""
    if Event.objects.filter(fanned_out=False).exists():
        return True
    return due(moment.now()).exclude(sink__in=without).exists()


def _give_positions(events: Sequence[Event]) -> None:
    counter = PositionCounter.objects.get_or_create(pk=1)[0]
    for position, event in enumerate(events, start=counter.value + 1):
        event.position, event.fanned_out = position, True
    Event.objects.bulk_update(events, ["position", "fanned_out"])
    PositionCounter.objects.filter(pk=1).update(value=counter.value + len(events))


def _held(sink: EventSink) -> timedelta:
    if sink.type not in sinks:
        return timedelta()
    return timedelta(seconds=sinks.get(sink.type).holds_for(public_config(sink)))


def _is_free(now: datetime) -> Q:
    return Q(lease_until=None) | Q(lease_until__lte=now)


def _plan_alone() -> None:
    """SQLite's write transactions exclude each other; PostgreSQL is asked to.

    Rows cannot be skipped while locked: what stands behind them in their key would
    then be claimed out of turn.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_PLANNING])
