"""The shape of a transform spec as JSON Schema."""

from __future__ import annotations

from typing import Any

from transformer.paths import MAX_PATH
from transformer.types import TYPE_NAMES

ON_MISSING = ("fail", "null", "skip", "default")
ON_ERROR = ("fail", "null", "default", "collect")
MAX_RULES = 2_000

_PATH = {"type": "string", "minLength": 1, "maxLength": MAX_PATH}
_EXPRESSION = {"type": "string", "minLength": 1}
_TRANSFORM = {
    "anyOf": [
        {"type": "string"},
        {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
    ]
}
_RULE: dict[str, Any] = {
    "type": "object",
    "required": ["target"],
    "additionalProperties": False,
    "properties": {
        "target": _PATH,
        "source": _PATH,
        "expr": _EXPRESSION,
        "value": True,
        "type": {"enum": list(TYPE_NAMES)},
        "values": {"type": "array", "minItems": 1, "maxItems": 1_000},
        "required": {"type": "boolean"},
        "default": True,
        "transforms": {"type": "array", "maxItems": 50, "items": _TRANSFORM},
        "each": {"$ref": "#/$defs/rules"},
        "when": _PATH,
        "cardinality": {"enum": ["one", "many"]},
        "on_missing": {"enum": list(ON_MISSING)},
        "on_error": {"enum": list(ON_ERROR)},
    },
}
_SIDE = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "format": {"type": "string"},
        "options": {"type": "object"},
        "schema": {"type": ["object", "boolean"]},
    },
}
SPEC_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Transform",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "version": {"const": 1},
        "use": {"type": "string"},
        "from": {"type": "string", "maxLength": 130},
        "input": _SIDE,
        "rules": {"$ref": "#/$defs/rules"},
        "expression": _EXPRESSION,
        "template": True,
        "output": _SIDE,
        "limits": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"timeout_ms": {"type": "integer", "minimum": 1, "maximum": 300_000}},
        },
    },
    "$defs": {
        "rules": {
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_RULES,
            "items": {"$ref": "#/$defs/rule"},
        },
        "rule": _RULE,
    },
}
BODIES = ("rules", "expression", "template")
"""What a spec does to a document: one of these."""
