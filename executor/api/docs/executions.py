"""One execution: its state, its bodies, its cancelling, and an unknown outcome resolved."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from executor.api import waiting
from executor.api.docs.parts import ANY, EMPTY_BODY, ID, closed, query
from executor.api.docs.shapes import EXECUTION
from executor.choices import ExecutionStatus
from integration_hub.api.schema import request_example

RESOLVE_BODY: dict[str, Any] = {
    "type": "object",
    "required": ["outcome"],
    "properties": {
        "outcome": {
            "type": "string",
            "enum": [ExecutionStatus.COMPLETED.value, ExecutionStatus.FAILED.value],
        },
        "note": {"type": "string", "maxLength": 1000, "pattern": "^[^\\u0000]*$"},
    },
    "additionalProperties": False,
}
_SIDE = {"type": ["object", "null"], "additionalProperties": True}
PAYLOAD_BODY = closed(
    {
        "execution_id": ID,
        "parameters": {"type": ["object", "null"], "additionalProperties": True},
        "data": ANY,
        "exchanges": {
            "type": "array",
            "items": closed({"number": {"type": "integer"}, "request": _SIDE, "response": _SIDE}),
        },
    }
)
DETAIL: dict[str, Any] = {
    "operation_id": "executions_retrieve",
    "parameters": [
        query(
            "wait",
            {"type": "number", "minimum": 0, "maximum": waiting.MAX_WAIT_S},
            "Seconds to wait for the end; the answer may come earlier when many wait.",
        )
    ],
    "responses": {200: OpenApiResponse(EXECUTION, "The execution.")},
}
CANCEL: dict[str, Any] = {
    "operation_id": "executions_cancel",
    "request": {"application/json": EMPTY_BODY},
    "responses": {
        200: OpenApiResponse(EXECUTION, "It is cancelled."),
        202: OpenApiResponse(EXECUTION, "It runs; it ends at its next safe point."),
    },
    "examples": [request_example({})],
}
RESOLVE: dict[str, Any] = {
    "operation_id": "executions_resolve",
    "request": {"application/json": RESOLVE_BODY},
    "responses": {200: OpenApiResponse(EXECUTION, "The execution with its note.")},
    "examples": [request_example({"outcome": "completed", "note": "Order 77 is there."})],
}
PAYLOAD: dict[str, Any] = {
    "operation_id": "executions_payload",
    "parameters": [
        OpenApiParameter(
            "Range",
            {"type": "string", "pattern": "^bytes=[0-9]*-[0-9]*$", "example": "bytes=1048576-"},
            OpenApiParameter.HEADER,
            description="One range of a file's bytes; anything else gets the whole.",
        ),
        OpenApiParameter(
            "If-Range",
            {"type": "string", "maxLength": 100},
            OpenApiParameter.HEADER,
            description="The `ETag` of the part that is there already; another gets the whole.",
        ),
    ],
    "responses": {
        (200, "application/json"): OpenApiResponse(
            PAYLOAD_BODY, "What is kept of the bodies (without a file, or where JSON is asked for)."
        ),
        (200, "application/octet-stream"): OpenApiResponse(
            {"type": "string", "format": "binary"},
            "The file that the call answered, as a download of its own type.",
        ),
        (206, "application/octet-stream"): OpenApiResponse(
            {"type": "string", "format": "binary"},
            "The part of it that `Range` asks for; `Content-Range` says which.",
        ),
    },
}
