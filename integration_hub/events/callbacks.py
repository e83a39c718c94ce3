"""Callbacks: a URL that one call asked to be told at, by the machinery of webhooks.

The hub makes a sink for each caller and host, so that a host that is away delays no
other; the address itself stands on the delivery. They are shown nowhere as sinks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db.models import Exists, OuterRef

from integration_hub.access.services import webhook_secret_of_owner
from integration_hub.egress import policy
from integration_hub.events.models import Delivery, Event, EventSink
from integration_hub.events.sink import NotDelivered
from integration_hub.lib.errors import TargetForbidden

TYPE = "webhook"
FORGOTTEN_AT_ONCE = 1_000


def plan(events: Iterable[Event], now: datetime) -> None:
    """A delivery for each event that asks for one."""
    asking = [event for event in events if event.reply_to]
    if not asking:
        return
    sinks = {place: _sink(*place) for place in {_place(event) for event in asking}}
    Delivery.objects.bulk_create(
        [
            Delivery(
                event=event,
                sink=sinks[_place(event)],
                subject=str(event.pk),  # each for itself: none waits for another
                position=event.position or 0,
                url=event.reply_to or "",
                due_at=now,
            )
            for event in asking
        ],
        ignore_conflicts=True,
    )


def config_of(sink: EventSink) -> Mapping[str, Any]:
    """What its deliveries are signed with. Raises NotDelivered where the token is gone."""
    secret = webhook_secret_of_owner(sink.owner)
    if not secret:
        raise NotDelivered("The token that asked for the callback is gone, and its secret with it.")
    return {"secret": secret}


def forget_unused(before: datetime) -> None:
    """Remove the sinks of callbacks that nothing was sent to since then."""
    deliveries = Delivery.objects.filter(sink=OuterRef("pk"))
    unused = EventSink.objects.filter(~Exists(deliveries), created_at__lt=before).exclude(owner="")
    keys = list(unused.values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE])
    EventSink.objects.filter(pk__in=keys).delete()


def _place(event: Event) -> tuple[str, str]:
    """The caller and the host; one that can never be called has a place too, and fails there."""
    owner = event.reply_owner or ""
    try:
        origin = policy.parse_url(event.reply_to or "").origin
    except TargetForbidden:
        return owner, "-"
    return owner, f"{origin.scheme}://{origin.authority}"


def _sink(owner: str, place: str) -> EventSink:
    digest = sha256(f"{owner} {place}".encode()).hexdigest()[:16]
    name = f"callback {digest} {place}"[:120]
    found, _ = EventSink.objects.get_or_create(name=name, defaults={"type": TYPE, "owner": owner})
    return found
