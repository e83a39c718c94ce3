"""Executions as they are answered."""

from __future__ import annotations

from typing import Any

from executor.api.docs.parts import ANY, ID, MAYBE_TEXT, MAYBE_TIME, MS, STATUS, TIME, closed
from executor.choices import ExecutionStatus, Mode, Priority

_TIMINGS = {
    "type": "object",
    "description": "Milliseconds by phase; a phase that took none is absent.",
    "additionalProperties": {"type": "number"},
}
ATTEMPT = closed(
    {
        "number": {"type": "integer", "minimum": 1},
        "started_at": TIME,
        "duration_ms": MS,
        "status_code": {"type": ["integer", "null"]},
        "code": MAYBE_TEXT,
        "timings": _TIMINGS,
        "request_bytes": {"type": ["integer", "null"], "minimum": 0},
        "response_bytes": {"type": ["integer", "null"], "minimum": 0},
    }
)
_SUMMARY: dict[str, Any] = {
    "id": ID,
    "execution_id": ID,
    "status": STATUS,
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
    "correlation_id": MAYBE_TEXT,
    "metadata": {"type": "object", "additionalProperties": True},
    "caller": {"type": "string", "description": "The name of the token or person."},
    "caller_id": {"type": "string", "description": "`token:<id>`, `user:<id>`, …"},
    "replay_of": {"type": ["string", "null"], "format": "uuid"},
    "cancel_requested": {"type": "boolean"},
    "due_at": MAYBE_TIME,
    "created_at": TIME,
    "started_at": MAYBE_TIME,
    "finished_at": MAYBE_TIME,
    "duration_ms": {"type": ["number", "null"], "minimum": 0},
}
PAGES = {
    "type": "object",
    "description": "Of a method with `pagination`: how many pages and items there were, whether "
    "they were all, else what cut them and the position to go on at (`next`, null where the cut "
    "fell inside a page).",
    "required": ["count", "items", "complete"],
    "properties": {
        "count": {"type": "integer", "minimum": 0},
        "items": {"type": "integer", "minimum": 0},
        "complete": {"type": "boolean"},
        "cut_by": {"type": "string", "enum": ["max_pages", "max_items", "max_bytes"]},
        "next": {"type": ["string", "number", "null"]},
    },
    "additionalProperties": False,
}
NOTES: dict[str, Any] = {
    "pages": PAGES,
    "job": {
        "type": "object",
        "description": "Of a method that starts a job: how often its state was read.",
        "required": ["polls"],
        "properties": {"polls": {"type": "integer", "minimum": 0}},
        "additionalProperties": False,
    },
    "age_seconds": {
        "type": "integer",
        "minimum": 0,
        "description": "How old an answer from the cache is; also the header `Age`.",
    },
    "stale": {
        "type": "boolean",
        "description": "It is past `cache_seconds` and stands in for a system that fails now.",
    },
}
SUMMARY = closed(_SUMMARY)
EXECUTION = closed(
    {
        **_SUMMARY,
        "parameters": {"type": ["object", "null"], "additionalProperties": True},
        "data": ANY,
        "timings": _TIMINGS,
        "resolution": {
            "type": ["object", "null"],
            "description": "What a person noted about an unknown outcome.",
            "additionalProperties": True,
        },
        "attempt_list": {"type": "array", "items": ATTEMPT},
    },
    NOTES | {"cached": {"type": "boolean"}},
)
COMPLETED = closed(
    {
        "execution_id": ID,
        "status": {"type": "string", "enum": [ExecutionStatus.COMPLETED.value]},
        "data": ANY,
        "attempts": {"type": "integer", "minimum": 0},
        "duration_ms": MS,
        "cached": {"type": "boolean", "description": "It came from the cache; 0 attempts."},
    },
    NOTES,
)
ACCEPTED = closed(
    {"execution_id": ID, "status": {"type": "string", "enum": [ExecutionStatus.QUEUED.value]}}
)
