"""Shapes of the transformer's calls, for the API's description."""

from __future__ import annotations

from typing import Any

from integration_hub.api.schema import request_example, response_example

_TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}
_ANY: dict[str, Any] = {"description": "Any JSON value."}

PREVIEW_BODY: dict[str, Any] = {
    "type": "object",
    "required": ["spec", "input"],
    "additionalProperties": False,
    "properties": {
        "spec": {"type": "object", "description": "A transform spec."},
        "input": {**_ANY, "description": "The sample; text is decoded as `input.format` says."},
    },
}
_ERROR: dict[str, Any] = {
    "type": "object",
    "required": ["pointer", "detail", "code"],
    "properties": {
        "pointer": _TEXT,
        "detail": _TEXT,
        "code": _TEXT,
        "rule": _COUNT,
        "target": _TEXT,
        "source_path": _TEXT,
        "value": {"type": "string", "description": "Cut to 256 characters, secrets masked."},
        "expected": _TEXT,
        "line": _COUNT,
        "column": _COUNT,
    },
}
_TRACE: dict[str, Any] = {
    "type": "object",
    "required": ["rule", "target", "found", "read", "written", "wrote", "errors"],
    "properties": {
        "rule": _COUNT,
        "target": _TEXT,
        "found": {"type": "boolean"},
        "read": {"type": ["string", "null"]},
        "written": {"type": "boolean"},
        "wrote": {"type": ["string", "null"]},
        "errors": _COUNT,
    },
}
PREVIEW: dict[str, Any] = {
    "type": "object",
    "required": ["result", "errors", "trace"],
    "properties": {
        "result": _ANY,
        "errors": {"type": "array", "items": _ERROR},
        "trace": {"type": "array", "items": _TRACE},
    },
}
PREVIEW_EXAMPLE = request_example(
    {
        "spec": {"rules": [{"source": "order.id", "target": "id", "type": "integer"}]},
        "input": {"order": {"id": "17"}},
    }
)
PREVIEW_ANSWER = response_example(
    {
        "result": {"id": 17},
        "errors": [],
        "trace": [
            {
                "rule": 0,
                "target": "id",
                "found": True,
                "read": "17",
                "written": True,
                "wrote": "17",
                "errors": 0,
            }
        ],
    }
)
