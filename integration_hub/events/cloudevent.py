"""CloudEvents 1.0, structured JSON: the shape in which every sink gets an event."""

from __future__ import annotations

from typing import Any

from integration_hub.events.models import Event
from integration_hub.lib import jsonsafe
from integration_hub.lib.clock import rfc3339

SOURCE = "/integration-hub"


def cloudevent_of(event: Event) -> dict[str, Any]:
    """The envelope; `id` and `time` are the row's, so that a redelivery is recognised."""
    return {
        "specversion": "1.0",
        "id": str(event.id),
        "source": SOURCE,
        "type": event.type,
        "subject": event.subject,
        "time": rfc3339(event.created_at),
        "datacontenttype": "application/json",
        "data": jsonsafe.loads(event.data),
    }
