"""What the descriptions in this folder are made of."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter

from executor.choices import ExecutionStatus

ID = {"type": "string", "format": "uuid"}
TIME = {"type": "string", "format": "date-time"}
MAYBE_TIME = {"type": ["string", "null"], "format": "date-time"}
MAYBE_TEXT = {"type": ["string", "null"]}
MS = {"type": "number", "minimum": 0}
STATUS = {"type": "string", "enum": ExecutionStatus.values}
ANY: dict[str, Any] = {}
EMPTY_BODY: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}
EXAMPLE_ID = "0199f3a0-7b1c-7000-8000-1f2e3d4c5b6a"
KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
    OpenApiParameter.HEADER,
    description="Makes the call once: a repetition within 24 hours gets the first answer, with "
    "`Idempotency-Replayed: true`.",
)


def closed(properties: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    every = properties | (optional or {})
    return {"type": "object", "required": list(properties), "properties": every}


def query(name: str, schema: Any, description: str, **options: Any) -> OpenApiParameter:
    return OpenApiParameter(name, schema, description=description, **options)
