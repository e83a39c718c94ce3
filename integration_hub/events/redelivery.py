"""Delivering again: one event to all, one delivery, or what a sink missed. The ids stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from integration_hub.audit.services import record
from integration_hub.events import moment
from integration_hub.events.choices import DeliveryStatus
from integration_hub.events.filters import Wanted, pattern
from integration_hub.events.models import Delivery, Event, EventSink
from integration_hub.lib.errors import Conflict
from integration_hub.lib.ids import floor_id

MOST = 10_000
"""Deliveries that one call plans; call again for the rest."""
_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Which:
    """What is delivered again: events from `since` (until `until`), of these types and subjects.

    Without `all`, only what failed: dead deliveries, and those that wait for another try.
    """

    since: datetime
    until: datetime | None = None
    types: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    all: bool = False


def redeliver(*, event: Event, actor: str) -> int:
    """Deliver an event again to every sink that is enabled and wants it; how many those are.

    It goes out under its old id. An attempt that is under way is left alone.
    """
    enabled = list(EventSink.objects.filter(enabled=True, owner=""))
    wanted = Wanted(enabled, [event])
    wanting = [sink for sink in enabled if wanted.by(sink, event)]
    with transaction.atomic():
        _again(Delivery.objects.filter(event=event, sink__in=wanting))
        _create([(sink, event) for sink in wanting])
        _audit("event.redelivered", "event", str(event.pk), actor, sinks=len(wanting))
    return len(wanting)


def redeliver_one(*, delivery: Delivery, actor: str) -> None:
    """Try one delivery again at once. Raises Conflict while a try of it is under way."""
    with transaction.atomic():
        if not _again(Delivery.objects.filter(pk=delivery.pk)):
            raise Conflict("The delivery is being tried right now; look again in a minute.")
        name = delivery.sink.name
        _audit("event_sink.redelivered", "event_sink", name, actor, event=str(delivery.event_id))


def redeliver_many(*, sink: EventSink, which: Which, actor: str) -> int:
    """Plan what `which` says for this sink; how many deliveries those are, at most 10,000.

    With `all`, events that the sink wants and was never told are among them.
    """
    planned = 0
    found = _events(which).order_by("id")
    after: UUID | None = None
    with transaction.atomic():
        while planned < MOST:
            page = found if after is None else found.filter(pk__gt=after)
            events = list(_of_sink(page, sink, which)[: min(_BATCH, MOST - planned)])
            if not events:
                break
            after = events[-1].pk
            planned += _plan(sink, events, which)
        more = {"since": which.since.isoformat(), "all": which.all, "deliveries": planned}
        _audit("event_sink.redelivered", "event_sink", sink.name, actor, **more)
    return planned


def _events(which: Which) -> QuerySet[Event]:
    rows = Event.objects.filter(pk__gte=floor_id(which.since), fanned_out=True)
    if which.until is not None:
        rows = rows.filter(pk__lt=floor_id(which.until))
    for column, wanted in (("type", which.types), ("subject", which.subjects)):
        if wanted:
            any_of = Q()
            for text in wanted:
                any_of |= Q(**{f"{column}__regex": f"^{pattern(text)}$"})
            rows = rows.filter(any_of)
    return rows


def _of_sink(events: QuerySet[Event], sink: EventSink, which: Which) -> QuerySet[Event]:
    if which.all:
        return events
    failed = Q(deliveries__status=DeliveryStatus.DEAD) | Q(
        deliveries__status=DeliveryStatus.PENDING, deliveries__failing_since__isnull=False
    )
    return events.filter(failed, deliveries__sink=sink)


def _plan(sink: EventSink, events: Sequence[Event], which: Which) -> int:
    there = Delivery.objects.filter(sink=sink, event__in=events)
    known = set(there.values_list("event_id", flat=True))
    again = _again(there)
    if not which.all:
        return again
    wanted = Wanted([sink], events)
    missing = [(sink, e) for e in events if e.pk not in known and wanted.by(sink, e)]
    _create(missing)
    return again + len(missing)


def _again(rows: QuerySet[Delivery]) -> int:
    """Due now, as if never tried; its failed attempts stay in the log."""
    now = moment.now()
    return rows.exclude(lease_until__gt=now).update(
        status=DeliveryStatus.PENDING,
        attempts=0,
        due_at=now,
        delivered_at=None,
        lease_until=None,
        failing_since=None,
        stepped_aside=False,
        status_code=None,
        last_error="",
    )


def _create(pairs: Sequence[tuple[EventSink, Event]]) -> None:
    now = moment.now()
    Delivery.objects.bulk_create(
        [
            Delivery(
                event=event,
                sink=sink,
                subject=event.subject,
                position=event.position or 0,
                due_at=now,
            )
            for sink, event in pairs
        ],
        ignore_conflicts=True,
    )


def _audit(action: str, target_type: str, target: str, actor: str, **detail: Any) -> None:
    record(actor=actor, action=action, target_type=target_type, target=target, detail=detail)
