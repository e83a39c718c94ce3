"""Shapes of the calls about schemas, for the API's description."""

from __future__ import annotations

from typing import Any

from integration_hub.api.schema import request_example, response_example
from integration_hub.lib.schema_infer import MAX_SAMPLES

_SCHEMA: dict[str, Any] = {"type": ["object", "boolean"], "description": "A JSON Schema."}
_TEXT = {"type": "string"}

INFER_BODY: dict[str, Any] = {
    "type": "object",
    "required": ["samples"],
    "additionalProperties": False,
    "properties": {
        "samples": {
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_SAMPLES,
            "items": {"description": "Any JSON value."},
        }
    },
}
INFERRED: dict[str, Any] = {
    "type": "object",
    "required": ["schema"],
    "properties": {"schema": {"type": "object"}},
}
INFER_EXAMPLE = request_example(
    {"samples": [{"id": 7, "mail": "a@example.com"}, {"id": 8, "mail": None}]}
)
INFER_ANSWER = response_example(
    {
        "schema": {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": {
                "id": {"type": "integer"},
                "mail": {"anyOf": [{"type": "null"}, {"type": "string", "format": "email"}]},
            },
            "required": ["id", "mail"],
        }
    }
)
COMPARE_BODY: dict[str, Any] = {
    "type": "object",
    "required": ["old", "new"],
    "additionalProperties": False,
    "properties": {
        "old": _SCHEMA,
        "new": _SCHEMA,
        "direction": {
            "enum": ["input", "output"],
            "default": "input",
            "description": "What callers give, or what they are given.",
        },
    },
}
COMPARED: dict[str, Any] = {
    "type": "object",
    "required": ["changes", "verdict"],
    "properties": {
        "changes": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "kind", "detail"],
                "properties": {
                    "pointer": _TEXT,
                    "kind": {"enum": ["breaking", "compatible"]},
                    "detail": _TEXT,
                },
            },
        },
        "verdict": {"enum": ["same", "compatible", "breaking"]},
    },
}
COMPARE_EXAMPLE = request_example(
    {
        "old": {"type": "object", "properties": {"id": {"type": "integer"}}},
        "new": {
            "type": "object",
            "properties": {"id": {"type": "integer"}},
            "required": ["id"],
        },
    }
)
COMPARE_ANSWER = response_example(
    {
        "changes": [
            {"pointer": "/required", "kind": "breaking", "detail": "`id` is required now."}
        ],
        "verdict": "breaking",
    }
)
