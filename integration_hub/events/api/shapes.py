"""What the API shows of events and sinks."""

from __future__ import annotations

from typing import Any

from integration_hub.events.cloudevent import cloudevent_of
from integration_hub.events.models import Delivery, Event, EventSink
from integration_hub.events.sink import sinks
from integration_hub.events.sink_config import public_config, shown_config
from integration_hub.lib import jsonsafe

WRITABLE = ("name", "type", "config", "filters", "enabled")


def event(row: Event) -> dict[str, Any]:
    """The CloudEvent as sinks get it, and how far each sink is. Deliveries are prefetched."""
    deliveries = sorted(row.deliveries.all(), key=lambda delivery: delivery.sink.name)
    return {
        **cloudevent_of(row),
        "created_at": row.created_at,
        "fanned_out": row.fanned_out,
        "deliveries": [_delivery(delivery) for delivery in deliveries],
    }


def sink(row: EventSink) -> dict[str, Any]:
    """Secrets are `***`; a type whose plug-in is gone shows what is not secret."""
    known = row.type in sinks
    return {
        "id": str(row.pk),
        "name": row.name,
        "type": row.type,
        "config": shown_config(row, sinks.get(row.type)) if known else public_config(row),
        "filters": jsonsafe.loads(row.filters),
        "enabled": row.enabled,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def _delivery(row: Delivery) -> dict[str, Any]:
    return {
        "sink": row.sink.name,
        "status": row.status,
        "attempts": row.attempts,
        "due_at": row.due_at,
        "delivered_at": row.delivered_at,
        "last_error": row.last_error,
    }
