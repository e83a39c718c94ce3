"""What the OpenAPI document says of the executor's calls."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from executor.api import envelope, waiting
from executor.choices import ExecutionStatus, Mode, Priority
from integration_hub.api.pagination import MAX_PAGE_SIZE
from integration_hub.api.schema import request_example, response_example
from integration_hub.lib import errors

_ID = {"type": "string", "format": "uuid"}
_TIME = {"type": "string", "format": "date-time"}
_MAYBE_TIME = {"type": ["string", "null"], "format": "date-time"}
_MAYBE_TEXT = {"type": ["string", "null"]}
_MS = {"type": "number", "minimum": 0}
_STATUS = {"type": "string", "enum": ExecutionStatus.values}
_ANY: dict[str, Any] = {}
_EXAMPLE_ID = "0199f3a0-7b1c-7000-8000-1f2e3d4c5b6a"

EMPTY_BODY: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}
REPLAY_BODY: dict[str, Any] = {
    "type": "object",
    "properties": {
        "mode": {
            "type": "string",
            "enum": Mode.values,
            "description": "Default: as the first time.",
        }
    },
    "additionalProperties": False,
}


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


ATTEMPT = _closed(
    {
        "number": {"type": "integer", "minimum": 1},
        "started_at": _TIME,
        "duration_ms": _MS,
        "status_code": {"type": ["integer", "null"]},
        "code": _MAYBE_TEXT,
        "timings": {"type": "object", "additionalProperties": {"type": "number"}},
    }
)
_SUMMARY: dict[str, Any] = {
    "id": _ID,
    "execution_id": _ID,
    "status": _STATUS,
    "mode": {"type": "string", "enum": Mode.values},
    "instance": {"type": "string"},
    "definition": {"type": "string"},
    "method": {"type": "string"},
    "error": {
        "type": ["object", "null"],
        "description": "A problem document, whose code may also be CANCELLED or POISON.",
        "additionalProperties": True,
    },
    "attempts": {"type": "integer", "minimum": 0},
    "priority": {"type": "string", "enum": Priority.values},
    "correlation_id": _MAYBE_TEXT,
    "metadata": {"type": "object", "additionalProperties": True},
    "caller": {"type": "string"},
    "replay_of": {"type": ["string", "null"], "format": "uuid"},
    "cancel_requested": {"type": "boolean"},
    "due_at": _MAYBE_TIME,
    "created_at": _TIME,
    "started_at": _MAYBE_TIME,
    "finished_at": _MAYBE_TIME,
    "duration_ms": {"type": ["number", "null"], "minimum": 0},
}
SUMMARY = _closed(_SUMMARY)
EXECUTION = _closed(
    {
        **_SUMMARY,
        "parameters": {"type": ["object", "null"], "additionalProperties": True},
        "data": _ANY,
        "attempt_list": {"type": "array", "items": ATTEMPT},
    }
)
COMPLETED = _closed(
    {
        "execution_id": _ID,
        "status": {"type": "string", "enum": [ExecutionStatus.COMPLETED.value]},
        "data": _ANY,
        "attempts": {"type": "integer", "minimum": 1},
        "duration_ms": _MS,
        "cached": {"type": "boolean"},
    }
)
ACCEPTED = _closed(
    {"execution_id": _ID, "status": {"type": "string", "enum": [ExecutionStatus.QUEUED.value]}}
)
_SIDE = {"type": ["object", "null"], "additionalProperties": True}
PAYLOAD_BODY = _closed(
    {
        "execution_id": _ID,
        "parameters": {"type": ["object", "null"], "additionalProperties": True},
        "data": _ANY,
        "exchanges": {
            "type": "array",
            "items": _closed({"number": {"type": "integer"}, "request": _SIDE, "response": _SIDE}),
        },
    }
)
CIRCUIT_LIST = _closed(
    {
        "results": {
            "type": "array",
            "items": _closed(
                {
                    "scope": {"type": "string"},
                    "state": {
                        "type": "string",
                        "enum": ["closed", "open", "half_open", "forced_open", "disabled"],
                    },
                    "retry_after": {"type": ["number", "null"]},
                }
            ),
        }
    }
)
TEST_REPORT = _closed(
    {
        "ok": {"type": "boolean"},
        "steps": {
            "type": "array",
            "items": _closed(
                {
                    "name": {"type": "string"},
                    "status": {"type": "string", "enum": ["ok", "warn", "failed", "skipped"]},
                    "detail": {"type": "string"},
                    "hint": {"type": "string"},
                    "duration_ms": _MS,
                }
            ),
        },
    }
)

REPLAY_PROBLEMS = (
    errors.InstanceNotReady,
    errors.PayloadPurged,
    errors.Conflict,
    errors.IdempotencyInProgress,
    errors.IdempotencyKeyReused,
    errors.TargetForbidden,
    errors.TransformFailed,
    errors.ConcurrencyLimitExceeded,
    errors.IntegrationFailed,
    errors.ConnectionFailed,
    errors.AuthFailed,
    errors.ResponseInvalid,
    errors.ResponseTooLarge,
    errors.CircuitOpen,
    errors.TimedOut,
    errors.AdapterFailed,
    errors.InstanceNotFound,
    errors.MethodNotFound,
)
CALL_PROBLEMS = REPLAY_PROBLEMS
CONTEXT_PROBLEMS = (*REPLAY_PROBLEMS, errors.AmbiguousInstance)
EXECUTION_PROBLEMS = (errors.ExecutionNotFound,)
CANCEL_PROBLEMS = (errors.ExecutionNotFound, errors.Conflict)
PAYLOAD_PROBLEMS = (errors.ExecutionNotFound, errors.PayloadPurged)
INSTANCE_PROBLEMS = (errors.InstanceNotFound,)

_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
    OpenApiParameter.HEADER,
    description="Makes the call once: a repetition within 24 hours gets the first answer, with "
    "`Idempotency-Replayed: true`.",
)
_ANSWERS: dict[Any, Any] = {
    200: OpenApiResponse(COMPLETED, "It was called and this is the result."),
    202: OpenApiResponse(ACCEPTED, "It is accepted: `Location` is its execution."),
}
_EXAMPLES = [
    response_example(
        {
            "execution_id": _EXAMPLE_ID,
            "status": "completed",
            "data": {"id": "9"},
            "attempts": 1,
            "duration_ms": 41.5,
            "cached": False,
        },
        "Completed",
    ),
    response_example({"execution_id": _EXAMPLE_ID, "status": "queued"}, "Accepted", 202),
]
_PARAMETERS_EXAMPLE = {"parameters": {"list_id": "1", "email": "a@example.com"}}

EXECUTE: dict[str, Any] = {
    "operation_id": "execute",
    "parameters": [_KEY],
    "request": {"application/json": envelope.EXECUTE},
    "responses": _ANSWERS,
    "examples": [request_example(_PARAMETERS_EXAMPLE), *_EXAMPLES],
}
EXECUTE_BY_CONTEXT: dict[str, Any] = {
    "operation_id": "execute_by_context",
    "parameters": [_KEY],
    "request": {"application/json": envelope.EXECUTE_BY_CONTEXT},
    "responses": _ANSWERS,
    "examples": [
        request_example(
            {
                "integration": "acme-crm@^1",
                "method": "create_contact",
                "context": {"client_id": "c-17"},
                **_PARAMETERS_EXAMPLE,
            }
        ),
        *_EXAMPLES,
    ],
}


def _query(name: str, schema: Any, description: str, **options: Any) -> OpenApiParameter:
    return OpenApiParameter(name, schema, description=description, **options)


LIST: dict[str, Any] = {
    "operation_id": "executions_list",
    "filters": False,
    "parameters": [
        _query("instance", str, "Slug or id."),
        _query("method", str, "Name of the method."),
        _query(
            "status", str, "May be given several times.", enum=ExecutionStatus.values, many=True
        ),
        _query("code", str, "The error's code."),
        _query("correlation_id", str, "As it was sent."),
        _query("caller", str, "Owner or name."),
        _query("created_after", OpenApiTypes.DATETIME, "From this time on."),
        _query("created_before", OpenApiTypes.DATETIME, "Before this time."),
        _query("min_duration_ms", OpenApiTypes.NUMBER, "Took at least this long."),
        _query("search", str, "An id, a correlation id, an instance or a method."),
        _query("cursor", str, "From `next` or `previous` of a page."),
        _query(
            "page_size", {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE}, "Rows a page."
        ),
        _query(
            "ordering", str, "Newest first unless `created_at`.", enum=["-created_at", "created_at"]
        ),
    ],
    "responses": {200: OpenApiResponse(SUMMARY, "One page.")},
}
DETAIL: dict[str, Any] = {
    "operation_id": "executions_retrieve",
    "parameters": [
        _query(
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
REPLAY: dict[str, Any] = {
    "operation_id": "executions_replay",
    "parameters": [_KEY],
    "request": {"application/json": REPLAY_BODY},
    "responses": _ANSWERS,
    "examples": [request_example({"mode": "async"}), *_EXAMPLES],
}
PAYLOAD: dict[str, Any] = {
    "operation_id": "executions_payload",
    "responses": {200: OpenApiResponse(PAYLOAD_BODY, "What is kept of the bodies.")},
}
CIRCUITS: dict[str, Any] = {
    "operation_id": "instances_circuits",
    "responses": {200: OpenApiResponse(CIRCUIT_LIST, "The circuits.")},
}
CIRCUITS_RESET: dict[str, Any] = {
    "operation_id": "instances_circuits_reset",
    "request": {"application/json": EMPTY_BODY},
    "responses": {200: OpenApiResponse(CIRCUIT_LIST, "The circuits, closed.")},
    "examples": [request_example({})],
}
CONNECTION_TEST: dict[str, Any] = {
    "operation_id": "instances_test",
    "request": {"application/json": EMPTY_BODY},
    "responses": {200: OpenApiResponse(TEST_REPORT, "What was found, step by step.")},
    "examples": [request_example({})],
}
