"""What the API document says of the registry: shapes and examples, as JSON Schema."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter

from registry.choices import AdapterState, ContextType, DefinitionStatus, Health, InstanceState
from registry.compatibility import Kind, Verdict
from registry.instance_input import CHANGE, CREATE
from registry.meta_schema import RISKS

JSONSchema = dict[str, Any]
_OPEN: JSONSchema = {"type": "object", "additionalProperties": True}
_TEXT: JSONSchema = {"type": "string"}
_TEXTS: JSONSchema = {"type": "array", "items": _TEXT}
_MAYBE_TEXT: JSONSchema = {"type": ["string", "null"]}
_ID: JSONSchema = {"type": "string", "format": "uuid"}
_WHEN: JSONSchema = {"type": "string", "format": "date-time"}
_MAYBE_WHEN: JSONSchema = {"type": ["string", "null"], "format": "date-time"}
_FLAG: JSONSchema = {"type": "boolean"}
_SCHEMA: JSONSchema = {"type": ["object", "boolean", "null"]}


def _closed(properties: JSONSchema) -> JSONSchema:
    return {"type": "object", "properties": properties, "required": list(properties)}


def list_of(item: JSONSchema) -> JSONSchema:
    return _closed({"count": {"type": "integer"}, "results": {"type": "array", "items": item}})


FAULT: JSONSchema = _closed({"pointer": _TEXT, "detail": _TEXT, "code": _TEXT})
_FACTS: JSONSchema = {
    "id": _ID,
    "status": {"enum": DefinitionStatus.values},
    "created_at": _WHEN,
    "updated_at": _WHEN,
    "published_at": _MAYBE_WHEN,
}
_NAMES: JSONSchema = {"slug": _TEXT, "version": _TEXT, "name": _TEXT, "type": _TEXT}
DOCUMENT: JSONSchema = _OPEN | {
    "description": "A definition document; GET /definitions/meta-schema is its JSON Schema.",
    "properties": _NAMES | {"methods": _OPEN},
}
DEFINITION: JSONSchema = _closed(_NAMES | _FACTS)
DEFINITION["properties"] |= {"methods": _OPEN, "extends": _TEXT, "resolved": _OPEN}
DEFINITION["properties"]["warnings"] = {
    "type": "array",
    "items": FAULT,
    "description": "Of the answer to a write: what is no fault and wants a look.",
}
DEFINITION_SUMMARY: JSONSchema = _closed(
    _NAMES | {"description": _TEXT, "tags": _TEXTS, "sunset": _MAYBE_TEXT} | _FACTS
)
METHOD: JSONSchema = _closed(
    {
        "name": _TEXT,
        "definition": _TEXT,
        "description": _TEXT,
        "risk": {"enum": list(RISKS)},
        "idempotent": _FLAG,
        "idempotency_header": _MAYBE_TEXT,
        "timeout_ms": {"type": "integer"},
        "param_schema": _SCHEMA,
        "result_schema": _SCHEMA,
        "sensitive": _TEXTS,
        "examples": {"type": "array", "items": _OPEN},
        "cache_seconds": {"type": "integer"},
        "rate_limit": {"type": ["object", "null"]},
        "max_attempts": {"type": "integer"},
    }
)
SCHEMAS: JSONSchema = _closed({"definition": _TEXT, "config_schema": _SCHEMA, "methods": _OPEN})
INSTANCE: JSONSchema = _closed(
    {
        "id": _ID,
        "slug": _TEXT,
        "name": _TEXT,
        "definition": _TEXT,
        "definition_id": _ID,
        "definition_status": {"enum": DefinitionStatus.values},
        "previous_version": _MAYBE_TEXT,
        "type": _TEXT,
        "config": _OPEN,
        "config_errors": {"type": "array", "items": FAULT},
        "context": _closed({"type": {"enum": ContextType.values}, "id": _MAYBE_TEXT}),
        "labels": {"type": "object", "additionalProperties": _TEXT},
        "overrides": _OPEN,
        "tls_verified": _FLAG,
        "enabled": _FLAG,
        "state": {"enum": InstanceState.values},
        "state_reason": _TEXT,
        "state_since": _WHEN,
        "health": {"enum": Health.values},
        "health_reason": _TEXT,
        "health_since": _MAYBE_WHEN,
        "created_at": _WHEN,
        "updated_at": _WHEN,
    }
)
# PUT and PATCH take what GET gave: read-only members that did not change are ignored.
INSTANCE_CHANGE: JSONSchema = {
    "type": "object",
    "properties": INSTANCE["properties"] | CHANGE["properties"],
}
INSTANCE_CREATE: JSONSchema = CREATE
UPGRADE: JSONSchema = {
    "type": "object",
    "required": ["version"],
    "additionalProperties": False,
    "properties": {
        "version": {
            "type": "string",
            "minLength": 1,
            "maxLength": 100,
            "description": "1.3.0, or a range like ^1.3",
        }
    },
}
MOVE: JSONSchema = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "instances": {
            "type": "array",
            "minItems": 1,
            "maxItems": 1_000,
            "items": {"type": "string", "minLength": 1, "maxLength": 80},
            "description": "Slugs; unless said every instance that the token sees.",
        }
    },
}
MOVED: JSONSchema = _closed(
    {
        "definition": _TEXT,
        "moved": _TEXTS,
        "refused": {"type": "array", "items": _closed({"instance": _TEXT, "detail": _TEXT})},
        "more": _FLAG,
    }
)
REASON: JSONSchema = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"reason": {"type": "string", "maxLength": 500}},
}
_DIFFERS: JSONSchema = _closed(
    {
        "execution_id": _ID,
        "method": _TEXT,
        "part": {"enum": ["method", "parameters", "result"]},
        "errors": {"type": "array", "items": FAULT},
    }
)
UPGRADE_PREVIEW: JSONSchema = _closed(
    {
        "dry_run": {"const": True},
        "from": _TEXT,
        "to": _TEXT,
        "ok": _FLAG,
        "config": _OPEN,
        "errors": {"type": "array", "items": FAULT},
        "authentication": _MAYBE_TEXT,
        "calls": _closed(
            {"checked": {"type": "integer"}, "different": {"type": "array", "items": _DIFFERS}}
        ),
    }
)
UPGRADE_ANSWER: JSONSchema = {"anyOf": [INSTANCE, UPGRADE_PREVIEW]}
CHANGE_FOUND: JSONSchema = _closed(
    {"pointer": _TEXT, "kind": {"enum": [kind.value for kind in Kind]}, "detail": _TEXT}
)
COMPATIBILITY: JSONSchema = _closed(
    {
        "definition": _TEXT,
        "against": _TEXT,
        "verdict": {"enum": [verdict.value for verdict in Verdict]},
        "honest": _FLAG,
        "changes": {"type": "array", "items": CHANGE_FOUND},
    }
)
ADAPTER: JSONSchema = _closed(
    {
        "type": _TEXT,
        "title": _TEXT,
        "version": _TEXT,
        "state": {"enum": AdapterState.values},
        "reason": _TEXT,
        "package": _TEXT,
        "supported_auth": _TEXTS,
        "config_schema": _OPEN,
        "method_schema": _OPEN,
    }
)

IF_MATCH = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The ETag that was read; 412 and nothing written when it changed since.",
)
DRY_RUN = OpenApiParameter(
    "dry_run", OpenApiTypes.BOOL, description="Only say what it would do; nothing is stored."
)
AGAINST = OpenApiParameter(
    "against",
    OpenApiTypes.STR,
    description="A version or a range of the same definition; unless said the highest release "
    "below this version that is published or deprecated.",
)
COMPATIBILITY_EXAMPLE = OpenApiExample(
    "A minor version that breaks",
    response_only=True,
    value={
        "definition": "acme-crm@1.2.0",
        "against": "acme-crm@1.1.0",
        "verdict": "breaking",
        "honest": False,
        "changes": [
            {
                "pointer": "/methods/create_contact/param_schema/required",
                "kind": "breaking",
                "detail": "`email` is required now.",
            }
        ],
    },
)
EXPORT_FORMAT = OpenApiParameter(
    "format", OpenApiTypes.STR, enum=["json", "yaml"], description="Else Accept decides."
)
DOCUMENT_EXAMPLE = OpenApiExample(
    "A small definition",
    request_only=True,
    value={
        "slug": "acme-crm",
        "name": "Acme CRM",
        "version": "1.0.0",
        "type": "http",
        "default_config": {"base_url": "https://api.acme.example"},
        "auth": [{"type": "bearer"}],
        "health_check": {"method": "ping"},
        "methods": {"ping": {"http": {"method": "GET", "path": "/status"}}},
    },
)
INSTANCE_EXAMPLE = OpenApiExample(
    "A connection for one client",
    request_only=True,
    value={
        "definition": "acme-crm@^1",
        "slug": "acme-berlin",
        "name": "Acme, Berlin office",
        "config": {"base_url": "https://berlin.acme.example"},
        "context": {"type": "client", "id": "berlin"},
        "labels": {"team": "sales"},
        "overrides": {"retry": {"max_attempts": 3}},
    },
)
