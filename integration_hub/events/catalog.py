"""What may be published: each type of event with the JSON Schema of its `data`.

The schemas are open: a member may be added, none that is listed is ever taken away.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration_hub.events.choices import EventType
from integration_hub.lib.schema import Validator, compile_schema

_TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}
_MILLISECONDS = {"type": "number", "minimum": 0}
_MAYBE_TEXT = {"type": ["string", "null"]}


def _object(required: Mapping[str, Any], optional: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": sorted(required),
        "properties": {**required, **optional},
    }


_EXECUTION = {"execution_id": _TEXT, "method": _TEXT, "status": _TEXT}
_EXECUTION_MORE = {
    "definition": _TEXT,
    "mode": _TEXT,
    "attempts": _COUNT,
    "duration_ms": _MILLISECONDS,
    "correlation_id": _MAYBE_TEXT,
    "replay_of": _MAYBE_TEXT,
}

SCHEMAS: Mapping[EventType, Mapping[str, Any]] = {
    EventType.METHOD_EXECUTED: _object(_EXECUTION, _EXECUTION_MORE),
    EventType.METHOD_FAILED: _object(
        {**_EXECUTION, "code": _TEXT},
        {**_EXECUTION_MORE, "detail": _TEXT, "retryable": {"type": "boolean"}},
    ),
    EventType.CONNECTED: _object({"instance_id": _TEXT}, {"previous": _TEXT}),
    EventType.AUTH_FAILED: _object(
        {"reason": _TEXT}, {"detail": _TEXT, "execution_id": _TEXT, "method": _TEXT}
    ),
    EventType.INSTANCE_STATUS: _object(
        {"state": _TEXT}, {"instance_id": _TEXT, "previous": _TEXT, "reason": _TEXT}
    ),
    EventType.HEALTH_CHANGED: _object(
        {"health": {"enum": ["unknown", "healthy", "degraded", "unhealthy"]}},
        {"previous": _TEXT, "reason": _TEXT},
    ),
    EventType.CIRCUIT_OPENED: _object(
        {"method": _TEXT, "scope": _TEXT, "reason": _TEXT}, {"retry_after": _COUNT}
    ),
    EventType.CIRCUIT_CLOSED: _object({"method": _TEXT, "scope": _TEXT, "reason": _TEXT}, {}),
    EventType.RATE_LIMIT_EXCEEDED: _object(
        {"method": _TEXT}, {"retry_after": {"type": "number"}, "execution_id": _TEXT}
    ),
    EventType.CREDENTIAL_ROTATED: _object({"type": _TEXT}, {"credential_id": _TEXT}),
    EventType.CREDENTIAL_EXPIRING: _object(
        {"expires_at": {"type": "string", "format": "date-time"}}, {"type": _TEXT}
    ),
    EventType.DEFINITION_PUBLISHED: _object({"slug": _TEXT, "version": _TEXT}, {"name": _TEXT}),
    EventType.WEBHOOK_RECEIVED: _object({"webhook_id": _TEXT}, {"event_type": _TEXT}),
    EventType.SINK_DISABLED: _object({"sink": _TEXT}, {"reason": _TEXT}),
    EventType.SINK_RECOVERED: _object({"sink": _TEXT}, {"reason": _TEXT}),
}


TITLES: Mapping[EventType, str] = {
    EventType.METHOD_EXECUTED: "A call ended well.",
    EventType.METHOD_FAILED: "A call ended otherwise; `code` says how.",
    EventType.CONNECTED: "An instance reached its external system.",
    EventType.AUTH_FAILED: "The external system refused a credential, or it could not be read.",
    EventType.INSTANCE_STATUS: "An instance is in another state.",
    EventType.HEALTH_CHANGED: "The health of an instance changed.",
    EventType.CIRCUIT_OPENED: "A circuit opened: calls are refused for a while.",
    EventType.CIRCUIT_CLOSED: "A circuit closed: calls go through again.",
    EventType.RATE_LIMIT_EXCEEDED: "A call was refused by a limit of the hub.",
    EventType.CREDENTIAL_ROTATED: "A credential has a new secret.",
    EventType.CREDENTIAL_EXPIRING: "A credential ends soon.",
    EventType.DEFINITION_PUBLISHED: "A version of a definition was published.",
    EventType.WEBHOOK_RECEIVED: "An external system called in, and was believed.",
    EventType.SINK_DISABLED: "The hub switched an event sink off.",
    EventType.SINK_RECOVERED: "An event sink takes events again.",
}


def title_of(event_type: EventType) -> str:
    """When it is published, in a sentence."""
    return TITLES.get(event_type, event_type.label)


def schema_of(event_type: EventType) -> dict[str, Any]:
    """The JSON Schema of a whole event of this type, envelope included."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": event_type.value,
        "description": title_of(event_type),
        "type": "object",
        "required": ["specversion", "id", "source", "type", "subject", "time", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {"type": "string", "format": "uuid"},
            "source": {"const": "/integration-hub"},
            "type": {"const": event_type.value},
            "subject": {"type": "string"},
            "time": {"type": "string", "format": "date-time"},
            "datacontenttype": {"const": "application/json"},
            "sequence": {"type": "string", "pattern": "^[0-9]{20}$"},
            "data": dict(SCHEMAS[event_type]),
        },
    }


def validator_of(event_type: EventType) -> Validator:
    """The compiled schema of this type's `data`."""
    return compile_schema(SCHEMAS[event_type])
