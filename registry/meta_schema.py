"""The JSON Schema of a definition document (contract §4).

Unknown members are refused everywhere but inside schemas, examples, `config`,
and an `auth` entry, whose scheme judges its own options. A method's protocol
block stands under its adapter's name, so `meta_schema` is told which to admit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

JSONSchema = dict[str, Any]

SLUG_PATTERN = "^[a-z0-9](?:[a-z0-9_-]{0,78}[a-z0-9])?$"
VERSION_PATTERN = (
    r"^(?:0|[1-9]\d{0,8})\.(?:0|[1-9]\d{0,8})\.(?:0|[1-9]\d{0,8})"
    r"(?:-(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*)?$"
)
METHOD_PATTERN = "^[A-Za-z_][A-Za-z0-9_.-]{0,119}$"
HEADER_PATTERN = "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$"
RISKS = ("read", "write", "destructive")
MAX_TIMEOUT_MS = 300_000
MAX_METHODS = 5_000


def _object(properties: JSONSchema, *, required: Iterable[str] = (), **more: Any) -> JSONSchema:
    closed = {"type": "object", "properties": properties, "additionalProperties": False}
    needed = list(required)
    return closed | ({"required": needed} if needed else {}) | more


def _integer(minimum: int, maximum: int, description: str = "") -> JSONSchema:
    schema: JSONSchema = {"type": "integer", "minimum": minimum, "maximum": maximum}
    return schema | ({"description": description} if description else {})


def _text(maximum: int, description: str = "", **more: Any) -> JSONSchema:
    schema: JSONSchema = {"type": "string", "maxLength": maximum, **more}
    return schema | ({"description": description} if description else {})


_ANY_SCHEMA: JSONSchema = {
    "type": ["object", "boolean"],
    "description": "A JSON Schema, 2020-12 unless it says otherwise; references stay inside it.",
}
_OPEN: JSONSchema = {"type": "object"}

RATE_LIMIT = _object(
    {
        "requests": _integer(0, 1_000_000, "Calls per `per_seconds`; 0 means no rate limit."),
        "per_seconds": {"type": "number", "exclusiveMinimum": 0, "maximum": 86_400},
        "burst": _integer(1, 1_000_000, "Tokens that the bucket holds; default: `requests`."),
        "max_concurrency": _integer(0, 10_000, "Calls at once; 0 means no limit."),
    }
)
RETRY = _object(
    {
        "max_attempts": _integer(1, 20, "The first call included."),
        "initial_delay_ms": _integer(0, 3_600_000),
        "multiplier": {"type": "number", "minimum": 1, "maximum": 10},
        "max_delay_ms": _integer(0, 3_600_000),
    }
)
TRANSIENT = _object(
    {
        "statuses": {
            "type": "array",
            "maxItems": 100,
            "items": {
                "anyOf": [
                    _integer(100, 599),
                    {"type": "string", "pattern": "^[1-5][0-9][0-9]-[1-5][0-9][0-9]$"},
                ]
            },
        },
        "body": _text(8_192, "A JMESPath on the answer; a true result is worth another try."),
    }
)
CIRCUIT_BREAKER = _object(
    {
        "window_type": {"enum": ["count", "time"]},
        "window": _integer(1, 10_000, "Calls, or seconds with `window_type: time`."),
        "min_calls": _integer(1, 10_000),
        "failure_rate": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
        "slow_call_ms": _integer(1, 3_600_000),
        "cooldown_ms": _integer(1, 86_400_000),
        "half_open_calls": _integer(1, 100),
    }
)
POLICIES: dict[str, JSONSchema] = {
    "rate_limit": RATE_LIMIT,
    "retry": RETRY,
    "transient": TRANSIENT,
    "circuit_breaker": CIRCUIT_BREAKER,
}
TIMEOUT_MS = _integer(1, MAX_TIMEOUT_MS, "Bounds one attempt; default 30,000.")
OVERRIDES = _object({**POLICIES, "timeout_ms": TIMEOUT_MS})

AUTH: JSONSchema = {
    "type": "object",
    "required": ["type"],
    "properties": {
        "id": _text(80, "What a credential names by `auth`; default: the type.", minLength=1),
        "type": _text(40, "An auth scheme.", minLength=1),
        "errors": {
            "type": "array",
            "maxItems": 50,
            "items": _object(
                {
                    "status": {"type": "array", "items": _integer(100, 599), "minItems": 1},
                    "body": _text(8_192, "A JMESPath or a regular expression."),
                    "www_authenticate": _text(1_000),
                    "outcome": _text(80, minLength=1),
                },
                required=["outcome"],
            ),
        },
    },
}
PAGINATION = _object(
    {
        "style": {"enum": ["cursor", "page", "offset", "link_header"]},
        "cursor_path": _text(1_000),
        "items_path": _text(1_000),
        "param": _text(200),
        "size_param": _text(200),
        "page_size": _integer(1, 100_000),
        "start": _integer(0, 1_000_000),
        "max_pages": _integer(1, 100_000),
        "max_items": _integer(1, 10_000_000),
    },
    required=["style"],
)
WEBHOOK = _object(
    {
        "verify": _text(80, minLength=1),
        "header": _text(100, pattern=HEADER_PATTERN),
        "template": _text(1_000),
        "algorithm": _text(40),
        "encoding": _text(40),
        "tolerance_seconds": _integer(1, 86_400),
        "then": {"enum": ["event", "execute"]},
        "method": _text(120, pattern=METHOD_PATTERN),
    }
)
EXAMPLE = _object(
    {"name": _text(120), "description": _text(2_000), "parameters": _OPEN, "result": {}}
)


def _method(protocols: Mapping[str, Any], required: Iterable[str]) -> JSONSchema:
    return _object(
        {
            "description": _text(10_000),
            "risk": {"enum": list(RISKS), "description": "Default: read."},
            "idempotent": {"type": "boolean", "description": "Safe to send again."},
            "idempotency_header": _text(
                100, "The upstream takes an idempotency key in this header.", pattern=HEADER_PATTERN
            ),
            "timeout_ms": TIMEOUT_MS,
            "param_schema": _ANY_SCHEMA,
            "result_schema": _ANY_SCHEMA,
            "request_transform": _OPEN,
            "response_transform": _OPEN,
            "pagination": PAGINATION,
            "cache_seconds": _integer(0, 31_536_000),
            "sensitive": {
                "type": "array",
                "maxItems": 500,
                "uniqueItems": True,
                "items": _text(1_000, "`parameters.…` or `result.…`", minLength=1),
            },
            "examples": {"type": "array", "maxItems": 100, "items": EXAMPLE},
            **POLICIES,
            **protocols,
        },
        required=required,
    )


def meta_schema(
    protocols: Mapping[str, Mapping[str, Any] | bool] | None = None,
    *,
    required: Iterable[str] = (),
) -> JSONSchema:
    """The schema of a document whose methods carry one of `protocols` (name → its schema).

    Those of `required` every method must carry.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Integration Hub definition",
        "description": "What one external system offers, at one version.",
        **_object(
            {
                "slug": _text(80, pattern=SLUG_PATTERN),
                "name": _text(120, minLength=1),
                "description": _text(10_000),
                "version": _text(40, "A semantic version: 1.2.0", pattern=VERSION_PATTERN),
                "type": _text(40, "The adapter.", minLength=1),
                "extends": _text(130, "slug@range of the definition to inherit from."),
                "docs_url": _text(2_000, format="uri"),
                "tags": {
                    "type": "array",
                    "maxItems": 50,
                    "uniqueItems": True,
                    "items": _text(40, pattern="^[^,]+$"),
                },
                "sunset": {"type": "string", "format": "date"},
                "config_schema": _OPEN | {"description": _ANY_SCHEMA["description"]},
                "default_config": _OPEN,
                "allowed_hosts": {
                    "type": "array",
                    "maxItems": 100,
                    "items": _text(253, "A host or *.domain.", pattern=r"^(?:\*\.)?[^\s/@*]+$"),
                },
                "auth": {"type": "array", "maxItems": 20, "items": AUTH},
                **POLICIES,
                "health_check": _object(
                    {
                        "method": _text(120, pattern=METHOD_PATTERN),
                        "interval_seconds": _integer(10, 86_400),
                    },
                    required=["method"],
                ),
                "redirects": _integer(0, 10, "How many redirects a call may follow."),
                "webhook": WEBHOOK,
                "methods": {
                    "type": "object",
                    "minProperties": 1,
                    "maxProperties": MAX_METHODS,
                    "propertyNames": {"pattern": METHOD_PATTERN},
                    "additionalProperties": _method(dict(protocols or {}), list(required)),
                },
            },
            required=["slug", "name", "version", "type", "methods"],
        ),
    }


META_SCHEMA = meta_schema()
