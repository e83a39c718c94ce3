"""Shapes of `/transforms`, for the API's description."""

from __future__ import annotations

from typing import Any

from integration_hub.api.schema import request_example
from transformer.choices import TransformStatus
from transformer.named.document import DOCUMENT_SCHEMA

_TEXT = {"type": "string"}
_WHEN = {"type": "string", "format": "date-time"}
_FACTS: dict[str, Any] = {
    "id": {"type": "string", "format": "uuid"},
    "status": {"enum": TransformStatus.values},
    "created_at": _WHEN,
    "updated_at": _WHEN,
    "published_at": {"type": ["string", "null"], "format": "date-time"},
}
_NAMES: dict[str, Any] = {"slug": _TEXT, "version": _TEXT}
DOCUMENT: dict[str, Any] = {
    "type": "object",
    "description": "A named transform: `spec` is a transform spec, `examples` are its tests.",
    "required": list(DOCUMENT_SCHEMA["required"]),
    "properties": {
        **DOCUMENT_SCHEMA["properties"],
        "examples": {"type": "array", "items": {"type": "object"}},
    },
}
TRANSFORM: dict[str, Any] = {
    "type": "object",
    "required": [*_NAMES, "spec", *_FACTS],
    "properties": {
        **_NAMES,
        "description": _TEXT,
        "spec": {"type": "object"},
        "examples": {"type": "array", "items": {"type": "object"}},
        **_FACTS,
    },
}
SUMMARY: dict[str, Any] = {
    "type": "object",
    "required": [*_NAMES, "description", *_FACTS],
    "properties": {**_NAMES, "description": _TEXT, **_FACTS},
}
TESTED: dict[str, Any] = {
    "type": "object",
    "required": ["transform", "ok", "examples"],
    "properties": {
        "transform": _TEXT,
        "ok": {"type": "boolean"},
        "examples": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["example", "name", "ok", "detail"],
                "properties": {
                    "example": {"type": "integer"},
                    "name": _TEXT,
                    "ok": {"type": "boolean"},
                    "detail": _TEXT,
                },
            },
        },
    },
}
EXAMPLE = request_example(
    {
        "slug": "contact",
        "version": "1.0.0",
        "spec": {"rules": [{"expr": "first & ' ' & last", "target": "name"}]},
        "examples": [{"input": {"first": "Ada", "last": "L."}, "output": {"name": "Ada L."}}],
    }
)
