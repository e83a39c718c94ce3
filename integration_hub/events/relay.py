"""From the outbox to the sinks: at least once, in order per subject and sink.

Relays plan one after another (a lock of the database, held for milliseconds) and
deliver side by side. A plan fans new events out to the sinks that want them and
claims what is due, with a lease. Within one sink and subject nothing is claimed
behind a delivery that waits for its next attempt or that another relay holds, so a
failing head blocks its own key alone. A relay that dies leaves its lease to expire;
what it had delivered but not marked goes out again under the same id.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from integration_hub.coordination import dbtime
from integration_hub.events.batch import Batch
from integration_hub.events.choices import DeliveryStatus
from integration_hub.events.filters import matches
from integration_hub.events.models import Delivery, Event, EventSink
from integration_hub.lib import jsonsafe

LEASE = timedelta(seconds=120)
BEGIN_WITHIN = 80.0  # seconds; what is begun by then ends well inside the lease
_PLANNING = 0x68756265  # an advisory lock of PostgreSQL, of no other meaning


def relay_once(limit: int = 200) -> int:
    """Fan out and deliver up to `limit` each; how much was done. 0: nothing is due."""
    if not _anything_to_do():
        return 0
    with transaction.atomic():
        _plan_alone()
        now = dbtime.now()
        fanned = fan_out(now=now, limit=limit)
        claimed = claim(now=now, limit=limit)
    batch = Batch(claimed, lease_until=now + LEASE, seconds=BEGIN_WITHIN)
    batch.deliver()
    return fanned + batch.attempted


def fan_out(*, now: datetime, limit: int) -> int:
    """A delivery for each sink that wants each new event, oldest first; how many events."""
    events = list(Event.objects.filter(fanned_out=False).order_by("id")[:limit])
    if not events:
        return 0
    sinks = [
        (sink, jsonsafe.loads(sink.filters)) for sink in EventSink.objects.filter(enabled=True)
    ]
    Delivery.objects.bulk_create(
        [
            Delivery(event=event, sink=sink, subject=event.subject, due_at=now)
            for event in events
            for sink, filters in sinks
            if matches(filters, event)
        ],
        ignore_conflicts=True,
    )
    Event.objects.filter(pk__in=[event.pk for event in events]).update(fanned_out=True)
    return len(events)


def claim(*, now: datetime, limit: int) -> Sequence[Delivery]:
    """Lease what is due, in the order of its events, with event and sink loaded."""
    wanted = list(due(now).order_by("event_id").values_list("pk", flat=True)[:limit])
    lease_until = now + LEASE
    free = Delivery.objects.filter(_is_free(now), pk__in=wanted, status=DeliveryStatus.PENDING)
    if not wanted or not free.update(lease_until=lease_until, attempts=F("attempts") + 1):
        return []
    mine = Delivery.objects.filter(pk__in=wanted, lease_until=lease_until)
    return list(mine.select_related("event", "sink").order_by("event_id"))


def due(now: datetime) -> QuerySet[Delivery]:
    """Deliveries that may go out now: nothing of their key waits or is held before them."""
    before = Delivery.objects.filter(
        sink=OuterRef("sink"),
        subject=OuterRef("subject"),
        event__lt=OuterRef("event"),
        status=DeliveryStatus.PENDING,
    )
    blocked = before.filter(Q(due_at__gt=now) | Q(lease_until__gt=now))
    return Delivery.objects.filter(
        _is_free(now),
        ~Exists(blocked),
        status=DeliveryStatus.PENDING,
        due_at__lte=now,
        sink__enabled=True,
    )


def _is_free(now: datetime) -> Q:
    return Q(lease_until=None) | Q(lease_until__lte=now)


def _anything_to_do() -> bool:
    """Asked without a lock, so that an idle relay costs two reads."""
    if Event.objects.filter(fanned_out=False).exists():
        return True
    return due(dbtime.now()).exists()


def _plan_alone() -> None:
    """SQLite's write transactions exclude each other; PostgreSQL is asked to.

    Rows cannot be skipped while locked: what stands behind them in their key would
    then be claimed out of turn.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_PLANNING])
