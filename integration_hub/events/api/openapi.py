"""The shapes of `shapes.py` as JSON Schema, for the API's description."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from integration_hub.api.schema import request_example
from integration_hub.events import filters
from integration_hub.events.choices import DeliveryStatus

_TEXT = {"type": "string"}
_TIME = {"type": "string", "format": "date-time"}
_MAYBE_TIME = {"type": ["string", "null"], "format": "date-time"}
_ID = {"type": "string", "format": "uuid"}

_DELIVERY: dict[str, Any] = {
    "type": "object",
    "required": ["sink", "status", "attempts", "due_at", "delivered_at", "last_error"],
    "properties": {
        "sink": _TEXT,
        "status": {"type": "string", "enum": list(DeliveryStatus.values)},
        "attempts": {"type": "integer", "minimum": 0},
        "due_at": _TIME,
        "delivered_at": _MAYBE_TIME,
        "last_error": _TEXT,
    },
}
EVENT: dict[str, Any] = {
    "type": "object",
    "required": ["specversion", "id", "source", "type", "subject", "time", "data"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": _ID,
        "source": _TEXT,
        "type": _TEXT,
        "subject": _TEXT,
        "time": _TIME,
        "datacontenttype": _TEXT,
        "sequence": {"type": "string", "description": "Orders the events of a subject."},
        "data": {"type": "object", "additionalProperties": True},
        "created_at": _TIME,
        "fanned_out": {"type": "boolean", "description": "Whether its deliveries are planned."},
        "deliveries": {"type": "array", "items": _DELIVERY},
    },
}
REDELIVERED: dict[str, Any] = {
    "type": "object",
    "required": ["id", "sinks"],
    "properties": {"id": _ID, "sinks": {"type": "integer", "minimum": 0}},
}

EVENT_TYPE: dict[str, Any] = {
    "type": "object",
    "required": ["type", "description", "schema"],
    "properties": {
        "type": _TEXT,
        "description": _TEXT,
        "schema": {
            "type": "object",
            "additionalProperties": True,
            "description": "The JSON Schema of a whole event of this type.",
        },
    },
}
EVENT_TYPES: dict[str, Any] = {
    "type": "object",
    "required": ["results"],
    "properties": {"results": {"type": "array", "items": EVENT_TYPE}},
}

_WRITABLE: dict[str, Any] = {
    "name": {"type": "string", "minLength": 1, "maxLength": 120},
    "type": {"type": "string", "description": "A known sink type."},
    "config": {"type": "object", "additionalProperties": True},
    "filters": dict(filters.SCHEMA),
    "enabled": {"type": "boolean", "default": True},
}
SINK_BODY: dict[str, Any] = {
    "type": "object",
    "required": ["name", "type"],
    "properties": _WRITABLE,
}
SINK_PATCH: dict[str, Any] = {"type": "object", "properties": _WRITABLE}
_STATE: dict[str, Any] = {
    "type": "object",
    "readOnly": True,
    "description": "What its deliveries showed.",
    "properties": {
        "proven_at": {**_MAYBE_TIME, "description": "First took an event at this address."},
        "succeeded_at": _MAYBE_TIME,
        "failing_since": {**_MAYBE_TIME, "description": "First failure after the last success."},
        "paused_until": {**_MAYBE_TIME, "description": "It asked for a pause (429, 502, 504)."},
        "disabled_reason": {**_TEXT, "description": "Why the hub switched it off."},
        "last_error": _TEXT,
    },
}
SINK: dict[str, Any] = {
    "type": "object",
    "required": ["id", *_WRITABLE, "state", "created_at", "updated_at"],
    "properties": {
        "id": _ID,
        **_WRITABLE,
        "state": _STATE,
        "created_at": _TIME,
        "updated_at": _TIME,
    },
}
_MAYBE_STATUS = {"type": ["integer", "null"], "minimum": 100, "maximum": 599}
_FAILURE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "number": {"type": "integer", "minimum": 1},
        "started_at": _TIME,
        "duration_ms": {"type": "number", "minimum": 0},
        "status_code": _MAYBE_STATUS,
        "error": _TEXT,
        "answer": {**_TEXT, "description": "The beginning of what the receiver said, masked."},
    },
}
SINK_DELIVERY: dict[str, Any] = {
    "type": "object",
    "required": ["id", "event", "status", "attempts", "due_at", "failures"],
    "properties": {
        "id": _ID,
        "event": {
            "type": "object",
            "properties": {"id": _ID, "type": _TEXT, "subject": _TEXT},
        },
        "status": {"type": "string", "enum": list(DeliveryStatus.values)},
        "attempts": {"type": "integer", "minimum": 0},
        "status_code": _MAYBE_STATUS,
        "due_at": _TIME,
        "delivered_at": _MAYBE_TIME,
        "last_error": _TEXT,
        "stepped_aside": {
            "type": "boolean",
            "description": "Those behind it no longer wait for it.",
        },
        "failures": {"type": "array", "items": _FAILURE},
    },
}
TRIAL: dict[str, Any] = {
    "type": "object",
    "required": ["ok", "event_id", "status_code", "detail", "answer", "duration_ms"],
    "properties": {
        "ok": {"type": "boolean"},
        "event_id": _ID,
        "status_code": _MAYBE_STATUS,
        "detail": _TEXT,
        "answer": _TEXT,
        "duration_ms": {"type": "number", "minimum": 0},
    },
}
_TEXTS = {
    "type": "array",
    "maxItems": 50,
    "items": {"type": "string", "minLength": 1, "maxLength": 200},
}
REDELIVER_BODY: dict[str, Any] = {
    "type": "object",
    "required": ["since"],
    "additionalProperties": False,
    "properties": {
        "since": {"type": "string", "format": "date-time"},
        "until": {"type": "string", "format": "date-time"},
        "types": {**_TEXTS, "description": "* stands for any characters."},
        "subjects": {**_TEXTS, "description": "* stands for any characters."},
        "all": {
            "type": "boolean",
            "default": False,
            "description": "What was delivered, and what the sink was never told, too.",
        },
    },
}
REDELIVER_EXAMPLE = request_example({"since": "2026-11-01T00:00:00Z"})
REDELIVER_MANY: dict[str, Any] = {
    "type": "object",
    "required": ["deliveries", "more"],
    "properties": {
        "deliveries": {"type": "integer", "minimum": 0},
        "more": {"type": "boolean", "description": "The bound was reached: ask again."},
    },
}
ROTATE_BODY: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "overlap_hours": {
            "type": "integer",
            "minimum": 0,
            "maximum": 720,
            "default": 24,
            "description": "For so long the old secret signs beside the new one.",
        }
    },
}
ROTATED: dict[str, Any] = {
    "type": "object",
    "required": ["secret", "previous_secret_until"],
    "properties": {
        "secret": {"type": "string", "description": "Shown now or never."},
        "previous_secret_until": _MAYBE_TIME,
    },
}
ROTATE_EXAMPLE = request_example({"overlap_hours": 24})
SINK_EXAMPLE = request_example(
    {"name": "calls", "type": "log", "config": {}, "filters": {"types": ["integration.method.*"]}}
)
IF_MATCH = OpenApiParameter(
    "If-Match", OpenApiTypes.STR, OpenApiParameter.HEADER, description="The ETag that was read."
)
