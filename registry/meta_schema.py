"""The JSON Schema of a definition document (contract §4).

Unknown members are refused everywhere but inside schemas, examples, `config`,
and an `auth` entry, whose scheme judges its own options. A method's protocol
block stands under its adapter's name, so `meta_schema` is told which to admit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from registry.name_patterns import (
    HEADER_PATTERN,
    METHOD_PATTERN,
    SLUG_PATTERN,
    VERSION_PATTERN,
)
from registry.webhook_schema import WEBHOOK

JSONSchema = dict[str, Any]

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
        "initial_delay_ms": _integer(
            0, 3_600_000, "The first wait is random between 0 and this; default 200."
        ),
        "multiplier": {
            "type": "number",
            "minimum": 1,
            "maximum": 10,
            "description": "By which that bound grows with every try; default 2.",
        },
        "max_delay_ms": _integer(
            0, 3_600_000, "Most of that bound; what the external system asks for comes on top."
        ),
    }
)
_STATUSES: JSONSchema = {
    "anyOf": [
        _integer(100, 599),
        {"type": "string", "pattern": "^[1-5][0-9][0-9](?:-[1-5][0-9][0-9])?$"},
    ]
}
_EXCEPTION: JSONSchema = {"enum": ["connection", "timeout"]}
TRANSIENT = _object(
    {
        "statuses": {
            "description": 'Statuses worth another try: 429, "429" or "500-504"; default 408, '
            "425, 429 and 500-504. 400, 401, 403, 404, 409, 410, 422 never are, even in a range.",
            "anyOf": [*_STATUSES["anyOf"], {"type": "array", "maxItems": 100, "items": _STATUSES}],
        },
        "exceptions": {
            "description": "Failures without an answer that are worth another try; default both.",
            "anyOf": [_EXCEPTION, {"type": "array", "maxItems": 2, "items": _EXCEPTION}],
        },
        "body": _text(
            8_192, "A JMESPath on the answer, also one of good status; true: another try."
        ),
        "body_pattern": _text(
            8_192, "A regular expression (no look-around) found in the answer's text: another try."
        ),
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
TLS = _object(
    {
        "authorities": _text(
            65_536, "PEM: authorities that this instance trusts beside the public ones."
        ),
        "verify": {
            "type": "boolean",
            "description": "Whether certificates are verified; only a superuser switches it off.",
        },
    }
)
RETENTION: dict[str, JSONSchema] = {
    "retention_days": _integer(1, 3_650, "How long this instance's executions are kept."),
    "payload_retention_days": _integer(1, 3_650, "How long their bodies are; never longer."),
}
RESULT_SCHEMA_MODE: JSONSchema = {
    "enum": ["strict", "drift"],
    "description": "What becomes of a result that breaks its `result_schema`: strict (unless said) "
    "ends the call with RESPONSE_INVALID; with drift it passes, and the field is counted.",
}
CACHE: JSONSchema = _object(
    {
        "seconds": _integer(0, 31_536_000, "For `cache_seconds` of the methods that have it."),
        "stale_if_error_seconds": _integer(
            0, 31_536_000, "How much longer a kept answer stands in for a system that fails."
        ),
    }
)
OVERRIDES = _object(
    {
        **POLICIES,
        **RETENTION,
        "timeout_ms": TIMEOUT_MS,
        "tls": TLS,
        "result_schema": RESULT_SCHEMA_MODE,
        "cache": CACHE,
    }
)

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
        "style": {
            "enum": ["cursor", "page", "offset", "link_header"],
            "description": "How the next page is found: a value or an address in the answer, a "
            "page number, the number of items so far, or the Link header's rel=next.",
        },
        "cursor_path": _text(1_000, "Where an answer has the next cursor; none or null ends."),
        "items_path": _text(1_000, "Where an answer has its list; default `$`, the answer."),
        "items_optional": {
            "type": "boolean",
            "description": "The system leaves an empty list out: such an answer is an empty page.",
        },
        "param": _text(
            200,
            "The parameter that takes the cursor, page or offset; default `page` or `offset`. "
            "Without one a cursor is the address of the next page.",
            minLength=1,
        ),
        "size_param": _text(200, "The parameter that takes `page_size`.", minLength=1),
        "page_size": _integer(1, 100_000, "Items of a full page: a shorter one is the last."),
        "start": _integer(0, 1_000_000, "The first page (default 1) or offset (default 0)."),
        "max_pages": _integer(1, 1_000, "Default 100; more are cut, and the answer says so."),
        "max_items": _integer(1, 100_000, "Default 10,000; more are cut, likewise."),
    },
    required=["style"],
    description="One call fetches every page; its result is the list of all their items.",
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
            "cache_seconds": _integer(
                0, 31_536_000, "How long an answer serves equal calls; of methods that read."
            ),
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
                "supports": _text(
                    100, "The versions of the adapter that it works with: ^1.2 or >=1 <3."
                ),
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
                        "slow_ms": _integer(1, 10_000, "Longer answers count as slow."),
                    },
                    required=["method"],
                ),
                "redirects": _integer(0, 10, "How many redirects a call may follow."),
                "propagate_trace": {"type": "boolean"},
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
