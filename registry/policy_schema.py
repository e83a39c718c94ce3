"""What definitions and instances share: limits, retries, circuits, time-outs, TLS, retention."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

JSONSchema = dict[str, Any]

MAX_TIMEOUT_MS = 300_000


def closed(properties: JSONSchema, *, required: Iterable[str] = (), **more: Any) -> JSONSchema:
    closed = {"type": "object", "properties": properties, "additionalProperties": False}
    needed = list(required)
    return closed | ({"required": needed} if needed else {}) | more


def whole(minimum: int, maximum: int, description: str = "") -> JSONSchema:
    schema: JSONSchema = {"type": "integer", "minimum": minimum, "maximum": maximum}
    return schema | ({"description": description} if description else {})


def text(maximum: int, description: str = "", **more: Any) -> JSONSchema:
    schema: JSONSchema = {"type": "string", "maxLength": maximum, **more}
    return schema | ({"description": description} if description else {})


ANY_SCHEMA: JSONSchema = {
    "type": ["object", "boolean"],
    "description": "A JSON Schema, 2020-12 unless it says otherwise; references stay inside it.",
}
OPEN: JSONSchema = {"type": "object"}

RATE_LIMIT = closed(
    {
        "requests": whole(0, 1_000_000, "Calls per `per_seconds`; 0 means no rate limit."),
        "per_seconds": {"type": "number", "exclusiveMinimum": 0, "maximum": 86_400},
        "burst": whole(1, 1_000_000, "Tokens that the bucket holds; default: `requests`."),
        "max_concurrency": whole(0, 10_000, "Calls at once; 0 means no limit."),
    }
)
RETRY = closed(
    {
        "max_attempts": whole(1, 20, "The first call included."),
        "initial_delay_ms": whole(
            0, 3_600_000, "The first wait is random between 0 and this; default 200."
        ),
        "multiplier": {
            "type": "number",
            "minimum": 1,
            "maximum": 10,
            "description": "By which that bound grows with every try; default 2.",
        },
        "max_delay_ms": whole(
            0, 3_600_000, "Most of that bound; what the external system asks for comes on top."
        ),
    }
)
_STATUSES: JSONSchema = {
    "anyOf": [
        whole(100, 599),
        {"type": "string", "pattern": "^[1-5][0-9][0-9](?:-[1-5][0-9][0-9])?$"},
    ]
}
_EXCEPTION: JSONSchema = {"enum": ["connection", "timeout"]}
TRANSIENT = closed(
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
        "body": text(
            8_192, "A JMESPath on the answer, also one of good status; true: another try."
        ),
        "body_pattern": text(
            8_192, "A regular expression (no look-around) found in the answer's text: another try."
        ),
    }
)
CIRCUIT_BREAKER = closed(
    {
        "window_type": {"enum": ["count", "time"]},
        "window": whole(1, 10_000, "Calls, or seconds with `window_type: time`."),
        "min_calls": whole(1, 10_000),
        "failure_rate": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
        "slow_call_ms": whole(1, 3_600_000),
        "cooldown_ms": whole(1, 86_400_000),
        "half_open_calls": whole(1, 100),
    }
)
POLICIES: dict[str, JSONSchema] = {
    "rate_limit": RATE_LIMIT,
    "retry": RETRY,
    "transient": TRANSIENT,
    "circuit_breaker": CIRCUIT_BREAKER,
}
TIMEOUT_MS = whole(1, MAX_TIMEOUT_MS, "Bounds one attempt; default 30,000.")
TLS = closed(
    {
        "authorities": text(
            65_536, "PEM: authorities that this instance trusts beside the public ones."
        ),
        "verify": {
            "type": "boolean",
            "description": "Whether certificates are verified; only a superuser switches it off.",
        },
    }
)
RETENTION: dict[str, JSONSchema] = {
    "retention_days": whole(1, 3_650, "How long this instance's executions are kept."),
    "payload_retention_days": whole(1, 3_650, "How long their bodies are; never longer."),
}
RESULT_SCHEMA_MODE: JSONSchema = {
    "enum": ["strict", "drift"],
    "description": "What becomes of a result that breaks its `result_schema`: strict (unless said) "
    "ends the call with RESPONSE_INVALID; with drift it passes, and the field is counted.",
}
CACHE: JSONSchema = closed(
    {
        "seconds": whole(0, 31_536_000, "For `cache_seconds` of the methods that have it."),
        "stale_if_error_seconds": whole(
            0, 31_536_000, "How much longer a kept answer stands in for a system that fails."
        ),
    }
)
OVERRIDES = closed(
    {
        **POLICIES,
        **RETENTION,
        "timeout_ms": TIMEOUT_MS,
        "tls": TLS,
        "result_schema": RESULT_SCHEMA_MODE,
        "cache": CACHE,
    }
)
