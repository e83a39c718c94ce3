"""What the API document says of imports."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample

from registry.api.openapi import DEFINITION, DOCUMENT
from registry.import_choice import INCLUDE
from registry.name_patterns import SLUG_PATTERN, VERSION_PATTERN

JSONSchema = dict[str, Any]
_TEXT: JSONSchema = {"type": "string"}

IMPORT: JSONSchema = {
    "type": "object",
    "anyOf": [{"required": ["slug"]}, {"required": ["merge_with"]}],
    "additionalProperties": False,
    "properties": {
        "document": {
            "type": ["object", "string"],
            "description": "The description, as an object or as text (JSON or YAML).",
        },
        "url": {
            "type": "string",
            "minLength": 1,
            "maxLength": 2_048,
            "description": "Where it is, instead of `document`; at most 16 MiB within 20 s.",
        },
        "slug": {"type": "string", "maxLength": 80, "pattern": SLUG_PATTERN},
        "version": {
            "type": "string",
            "maxLength": 40,
            "pattern": VERSION_PATTERN,
            "description": "Default: the description's own where it is semantic, else 1.0.0.",
        },
        "include": INCLUDE,
        "merge_with": {
            "type": "string",
            "minLength": 1,
            "maxLength": 200,
            "description": "A definition that was imported before (id, slug, slug@1.2.0): what was "
            "edited there since is kept. A draft is changed in place; else a draft of a new "
            "version is made. Without `include` the choice of the last import holds.",
        },
        "take": {
            "type": "array",
            "maxItems": 1_000,
            "items": {"type": "string", "maxLength": 2_000},
            "description": "With `merge_with`: pointers of conflicts in which the description "
            'wins, what is below them included; `""` is all of them.',
        },
    },
}


def _entries(word: str) -> JSONSchema:
    """A list about operations; an empty `operation` means the whole."""
    return {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["operation", word],
            "properties": {"operation": _TEXT, word: _TEXT},
        },
    }


REPORT: JSONSchema = {
    "type": "object",
    "required": ["imported", "left_out", "not_chosen", "operations", "notes", "guesses"],
    "properties": {
        "imported": {"type": "integer", "description": "How many became methods."},
        "left_out": _entries("reason"),
        "not_chosen": {"type": "integer", "description": "How many `include` did not name."},
        "operations": _entries("method"),
        "notes": _entries("note"),
        "guesses": _entries("guess"),
    },
}
_VALUE: JSONSchema = {
    "type": ["string", "null"],
    "description": "JSON text, cut; null where there is no such member.",
}


def _places(**more: JSONSchema) -> JSONSchema:
    """A list of places at which base, local edit and description differ."""
    members = {"pointer": _TEXT, "base": _VALUE, "ours": _VALUE, "theirs": _VALUE, **more}
    item = {"type": "object", "required": list(members), "properties": members}
    return {"type": "array", "items": item}


MERGE: JSONSchema = {
    "type": "object",
    "description": "With `merge_with`: what both sides changed, at most 1,000 of a kind.",
    "required": ["with", "base_imported_at", "conflicts", "changes", "edits"],
    "properties": {
        "with": {"type": "string", "description": "slug@version of what was merged with."},
        "base_imported_at": {"type": "string", "format": "date-time"},
        "conflicts": _places(kept={"enum": ["ours", "theirs"]}),
        "changes": _places() | {"description": "What the description changed; taken over."},
        "edits": _places() | {"description": "What was edited here; kept."},
    },
}
IMPORTED: JSONSchema = {
    "type": "object",
    "required": ["definition", "report"],
    "properties": {
        "definition": {
            "anyOf": [DEFINITION, DOCUMENT],
            "description": "The draft; with `dry_run` the document that it would have.",
        },
        "report": REPORT,
        "merge": MERGE,
    },
}
OPENAPI_EXAMPLE = OpenApiExample(
    "A small description",
    request_only=True,
    value={
        "slug": "acme-pets",
        "document": {
            "openapi": "3.0.3",
            "info": {"title": "Acme pets", "version": "1.0.0"},
            "servers": [{"url": "https://pets.acme.example/v1"}],
            "paths": {
                "/pets/{id}": {
                    "get": {
                        "operationId": "getPet",
                        "tags": ["pets"],
                        "parameters": [
                            {
                                "name": "id",
                                "in": "path",
                                "required": True,
                                "schema": {"type": "integer"},
                            }
                        ],
                        "responses": {"200": {"description": "One pet"}},
                    }
                }
            },
        },
        "include": {"tags": ["pets"]},
    },
)
