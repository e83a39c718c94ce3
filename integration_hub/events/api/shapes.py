"""What the API shows of events and sinks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from integration_hub.events.cloudevent import cloudevent_of
from integration_hub.events.models import Delivery, Event, EventSink, FailedAttempt
from integration_hub.events.sink_config import public_config
from integration_hub.lib import jsonsafe
from integration_hub.lib.clock import rfc3339

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
    return {
        "id": str(row.pk),
        "name": row.name,
        "type": row.type,
        "config": public_config(row),
        "filters": jsonsafe.loads(row.filters),
        "enabled": row.enabled,
        "state": _state(row),
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def _state(row: EventSink) -> dict[str, Any]:
    return {
        "proven_at": _time(row.proven_at),
        "succeeded_at": _time(row.succeeded_at),
        "failing_since": _time(row.failing_since),
        "paused_until": _time(row.paused_until),
        "disabled_reason": row.disabled_reason,
        "last_error": row.last_error,
    }


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else rfc3339(moment)


def delivery_of_sink(row: Delivery) -> dict[str, Any]:
    """One line of a sink's delivery log. The event and the failures are loaded."""
    return {
        "id": str(row.pk),
        "event": {"id": str(row.event_id), "type": row.event.type, "subject": row.subject},
        "status": row.status,
        "attempts": row.attempts,
        "status_code": row.status_code,
        "due_at": row.due_at,
        "delivered_at": row.delivered_at,
        "last_error": row.last_error,
        "stepped_aside": row.stepped_aside,
        "failures": [_failure(failure) for failure in row.failures.all()],
    }


def _failure(row: FailedAttempt) -> dict[str, Any]:
    return {
        "number": row.number,
        "started_at": row.started_at,
        "duration_ms": row.duration_ms,
        "status_code": row.status_code,
        "error": row.error,
        "answer": row.answer,
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
