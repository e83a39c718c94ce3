"""Creating, changing and removing sinks: checked whole, audited, secrets sealed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from integration_hub.audit.services import record
from integration_hub.events import filters
from integration_hub.events.models import EventSink
from integration_hub.events.sink import Sink, sinks
from integration_hub.events.sink_config import (
    public_config,
    store_config,
    to_check,
    whole_config,
)
from integration_hub.lib import jsonsafe
from integration_hub.lib.catalog import UnknownPlugin
from integration_hub.lib.errors import Conflict, Fault, NotFound, ValidationFailed
from integration_hub.lib.fields import json_schema
from integration_hub.lib.schema import compile_schema

MAX_NAME = 120
Precondition = Callable[[EventSink], None]

_SHAPE: Mapping[str, Any] = {
    "type": "object",
    "required": ["name", "type"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": MAX_NAME},
        "type": {"type": "string"},
        "config": {"type": "object"},
        "filters": True,
        "enabled": {"type": "boolean"},
    },
}


def create_sink(*, document: Mapping[str, Any], actor: str) -> EventSink:
    """A new sink. Raises ValidationFailed with every fault, Conflict for a name in use."""
    row = EventSink()
    _fill(row, document)
    with transaction.atomic():
        _save(row, insert=True)
        audit(row, "event_sink.created", actor)
    return row


def update_sink(
    *,
    sink_id: UUID,
    change: Callable[[EventSink], Mapping[str, Any]],
    actor: str,
    precondition: Precondition | None = None,
) -> EventSink:
    """Replace a sink by what `change` makes of the locked row."""
    with transaction.atomic():
        row = locked(sink_id, precondition)
        _fill(row, change(row))
        _save(row, insert=False)
        audit(row, "event_sink.updated", actor)
    return row


def delete_sink(*, sink_id: UUID, actor: str, precondition: Precondition | None = None) -> None:
    """Remove a sink and what it has not been told yet."""
    with transaction.atomic():
        row = locked(sink_id, precondition)
        audit(row, "event_sink.deleted", actor)
        row.delete()


def plugin_of(kind: str) -> Sink:
    """The plug-in of a sink's type. Raises ValidationFailed that lists the known ones."""
    try:
        return sinks.get(kind)
    except UnknownPlugin as unknown:
        raise ValidationFailed(
            f"{unknown}.",
            errors=[Fault("/type", f"{unknown}.", "UNKNOWN_TYPE")],
            suggestions=unknown.near,
        ) from None


def sink_faults(document: Mapping[str, Any]) -> tuple[Fault, ...]:
    """Everything that is wrong with a sink's document, with pointers into it."""
    faults = compile_schema(_SHAPE).faults(document)
    if faults:
        return faults
    wanted = compile_schema(filters.SCHEMA).faults(document.get("filters", {}), "/filters")
    try:
        plugin = plugin_of(document["type"])
    except ValidationFailed as failed:
        return (*failed.errors, *wanted)
    schema = compile_schema(json_schema(plugin.fields))
    config = to_check(plugin, document.get("config", {}))
    return (*schema.faults(config, "/config"), *wanted)


def checked_config(row: EventSink, document: Mapping[str, Any]) -> dict[str, Any]:
    """The whole config that `document` gives the row, which is not touched.

    Raises ValidationFailed with every fault, TargetForbidden for a place that is never
    called, and CannotOpen where a secret is to stay that cannot be read.
    """
    faults = sink_faults(document)
    if faults:
        raise _invalid(faults)
    plugin = plugin_of(document["type"])
    config = whole_config(row, plugin, document.get("config", {}))
    if faults := tuple(plugin.faults(config)):
        raise _invalid(faults)
    return config


def _fill(row: EventSink, document: Mapping[str, Any]) -> None:
    config = checked_config(row, document)
    plugin, was_on = plugin_of(document["type"]), row.enabled
    if not _leads_where(row, plugin, config):
        row.proven_at = row.failing_since = row.paused_until = None
    row.name, row.type = document["name"], document["type"]
    row.enabled = document.get("enabled", True)
    if row.enabled and not was_on:
        row.failing_since = row.paused_until = None  # its days begin anew
    row.filters = jsonsafe.dumps_text(document.get("filters", {}))
    store_config(row, plugin, plugin.completed(config))


def _leads_where(row: EventSink, plugin: Sink, config: Mapping[str, Any]) -> bool:
    """Whether the row leads where `config` does; one that is new leads nowhere."""
    if row._state.adding or row.type != plugin.type:
        return False
    return plugin.address(public_config(row)) == plugin.address(config)


def _invalid(faults: Sequence[Fault]) -> ValidationFailed:
    return ValidationFailed("The sink is not valid; see errors.", errors=faults)


def _save(row: EventSink, *, insert: bool) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=insert)
    except IntegrityError:
        raise Conflict(f"Another sink is called {row.name!r}; choose another name.") from None


def locked(sink_id: UUID, precondition: Precondition | None) -> EventSink:
    """The sink, locked for a change. Raises NotFound and what `precondition` does."""
    row = EventSink.objects.select_for_update().filter(pk=sink_id, owner="").first()
    if row is None:
        raise NotFound("There is no such event sink.")
    if precondition is not None:
        precondition(row)
    return row


def audit(row: EventSink, action: str, actor: str) -> None:
    """Note what was done to a sink, in the transaction that does it."""
    record(
        actor=actor,
        action=action,
        target_type="event_sink",
        target=row.name,
        detail={"type": row.type, "enabled": row.enabled},
    )
