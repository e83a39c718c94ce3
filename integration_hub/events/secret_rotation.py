"""A new secret for a webhook, while the one before still signs beside it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import transaction

from integration_hub.events import moment
from integration_hub.events.models import EventSink
from integration_hub.events.sink_config import public_config, store_config, whole_config
from integration_hub.events.sink_services import audit, locked, plugin_of
from integration_hub.lib import standard_webhooks as standard
from integration_hub.lib.clock import rfc3339
from integration_hub.lib.errors import Conflict

OVERLAP_HOURS = 24
LONGEST_HOURS = 24 * 30


def rotate_secret(
    *, sink_id: UUID, overlap_hours: int = OVERLAP_HOURS, actor: str
) -> tuple[EventSink, str]:
    """Make a new secret and return it, shown now or never; the old one signs too until then.

    Raises NotFound, and Conflict for a sink that has no secret.
    """
    with transaction.atomic():
        row = locked(sink_id, None)
        plugin = plugin_of(row.type)
        names = {field.name for field in plugin.fields}
        if not {"secret", "previous_secret"} <= names:
            raise Conflict(f"A sink of type {row.type} signs nothing: it has no secret to rotate.")
        config = whole_config(row, plugin, public_config(row))
        fresh = standard.new_secret()
        until = moment.now() + timedelta(hours=overlap_hours)
        changed = {**config, "secret": fresh}
        if old := config.get("secret"):
            changed |= {"previous_secret": old, "previous_secret_until": rfc3339(until)}
        store_config(row, plugin, changed)
        row.save()
        audit(row, "event_sink.secret_rotated", actor)
    return row, fresh
