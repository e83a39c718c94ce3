"""Writing events, and what may be done with them afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef

from integration_hub.coordination import rows
from integration_hub.events import callbacks
from integration_hub.events.catalog import validator_of
from integration_hub.events.choices import DeliveryStatus, EventType
from integration_hub.events.models import Delivery, Event
from integration_hub.lib import clock, jsonsafe, redact
from integration_hub.lib.errors import InternalFailure
from integration_hub.lib.ids import floor_id

MAX_DATA_BYTES = 62 * 1024  # an event with its envelope stays within CloudEvents' 64 KiB
MAX_MEMBER_BYTES = 1024


def build(*, type: EventType, subject: str, data: Mapping[str, Any]) -> Event:  # noqa: A002 - CloudEvents' own word
    """The event, unsaved. Secret-named members are masked; data over 62 KiB keeps only its
    small members and names the others in `omitted`, to be read where the ids point to."""
    if settings.HUB_CHECK_EVENTS:
        _check(type, data)
    masked = redact.current().value(dict(data))
    text = jsonsafe.dumps(masked)
    if len(text) > MAX_DATA_BYTES:
        text = jsonsafe.dumps(_by_reference(masked))
    return rows.new(
        Event, type=type.value, subject=subject, data=text.decode(), created_at=clock.now()
    )


def emit(*, type: EventType, subject: str, data: Mapping[str, Any]) -> Event:  # noqa: A002 - CloudEvents' own word
    """Write the event in the caller's transaction: it exists exactly if the fact does."""
    event = build(type=type, subject=subject, data=data)
    event.save(force_insert=True)
    return event


def purge(*, before: datetime, batch: int = 1_000) -> int:
    """Delete up to `batch` events older than `before` that no sink still waits for.

    Call it until it gives 0: each call is one short transaction.
    """
    waiting = Delivery.objects.filter(event=OuterRef("pk"), status=DeliveryStatus.PENDING)
    old = Event.objects.filter(~Exists(waiting), id__lt=floor_id(before), fanned_out=True)
    with transaction.atomic():
        keys = list(old.order_by("id").values_list("pk", flat=True)[:batch])
        Delivery.objects.filter(event__in=keys).delete()
        Event.objects.filter(pk__in=keys).delete()
        callbacks.forget_unused(before)
    return len(keys)


def _check(event_type: EventType, data: Mapping[str, Any]) -> None:
    """A type whose data breaks its own schema is our fault: found by tests and development."""
    faults = validator_of(event_type).faults(dict(data), "/data")
    if faults:
        raise InternalFailure(
            f"The data of {event_type.value} does not fit its schema.", errors=faults
        )


def _by_reference(data: Mapping[str, Any]) -> dict[str, Any]:
    small = {
        name: value
        for name, value in data.items()
        if len(jsonsafe.dumps(value)) <= MAX_MEMBER_BYTES
    }
    kept = dict(list(small.items())[:32])
    return {**kept, "omitted": sorted(set(data) - set(kept))[:32]}
