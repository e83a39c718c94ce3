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
SINK: dict[str, Any] = {
    "type": "object",
    "required": ["id", *_WRITABLE, "created_at", "updated_at"],
    "properties": {"id": _ID, **_WRITABLE, "created_at": _TIME, "updated_at": _TIME},
}
SINK_EXAMPLE = request_example(
    {"name": "calls", "type": "log", "config": {}, "filters": {"types": ["integration.method.*"]}}
)
IF_MATCH = OpenApiParameter(
    "If-Match", OpenApiTypes.STR, OpenApiParameter.HEADER, description="The ETag that was read."
)
