"""Replaying one execution, or those that a filter finds."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiResponse

from executor import replaying
from executor.api import envelope
from executor.api.docs.executing import ANSWERS, EXAMPLES
from executor.api.docs.parts import EXAMPLE_ID, ID, KEY, STATUS, closed
from executor.choices import Mode
from integration_hub.api.schema import request_example, response_example

_AGAIN: dict[str, Any] = {
    "definition": {
        "type": "string",
        "minLength": 1,
        "maxLength": 40,
        "pattern": envelope.PLAIN,
        "default": replaying.SAME,
        "description": "`same`: the version of the first time, or the instance's when that can no "
        "longer be executed; `current`: the instance's; or a version like `1.2.0`.",
    },
    "confirm": {
        "type": "boolean",
        "default": False,
        "description": "Needed to repeat an unsafe call whose outcome is unknown.",
    },
}
REPLAY_BODY: dict[str, Any] = {
    "type": "object",
    "properties": {
        "mode": {
            "type": "string",
            "enum": Mode.values,
            "description": "Default: as the first time.",
        },
        **_AGAIN,
    },
    "additionalProperties": False,
}
MAX_REPLAYS, DEFAULT_REPLAYS = 1_000, 100
REPLAY_MANY_BODY: dict[str, Any] = {
    "type": "object",
    "required": ["filter"],
    "properties": {
        "filter": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {
                "type": ["string", "number", "array"],
                "items": {"type": "string"},
            },
            "description": "The filters of the list: instance, method, status, code, …",
        },
        "limit": {
            "type": "integer",
            "minimum": 1,
            "maximum": MAX_REPLAYS,
            "default": DEFAULT_REPLAYS,
        },
        "mode": {"type": "string", "enum": [Mode.ASYNC.value], "default": Mode.ASYNC.value},
        **_AGAIN,
    },
    "additionalProperties": False,
}
_REPLAYED = {
    "type": "object",
    "required": ["replay_of"],
    "properties": {
        "replay_of": ID,
        "execution_id": ID,
        "status": STATUS,
        "error": {"type": "object", "additionalProperties": True},
    },
}
REPLAY: dict[str, Any] = {
    "operation_id": "executions_replay",
    "parameters": [KEY],
    "request": {"application/json": REPLAY_BODY},
    "responses": ANSWERS,
    "examples": [request_example({"mode": "async", "definition": "same"}), *EXAMPLES],
}
REPLAY_MANY: dict[str, Any] = {
    "operation_id": "executions_replay_many",
    "parameters": [KEY],
    "request": {"application/json": REPLAY_MANY_BODY},
    "responses": {
        202: OpenApiResponse(
            closed(
                {
                    "results": {"type": "array", "items": _REPLAYED},
                    "more": {
                        "type": "boolean",
                        "description": "The filter finds more than the limit.",
                    },
                }
            ),
            "What became of each.",
        )
    },
    "examples": [
        request_example(
            {
                "filter": {"instance": "acme", "status": ["failed"], "code": "TIMEOUT_ERROR"},
                "limit": 200,
            }
        ),
        response_example(
            {
                "results": [
                    {
                        "replay_of": EXAMPLE_ID,
                        "execution_id": "0199f3a0-9c4d-7000-8000-5d6e7f8a9b0c",
                        "status": "queued",
                    }
                ],
                "more": False,
            },
            "Queued",
            202,
        ),
    ],
}
