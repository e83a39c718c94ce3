"""What the OpenAPI document says of health, maintenance and silences."""

from __future__ import annotations

from typing import Any

from executor.health.choices import SilenceKind
from executor.health.history import PERCENTILES, WINDOWS
from integration_hub.api.schema import request_example, response_example
from registry.choices import Health

_TIME = {"type": "string", "format": "date-time"}
_MAYBE_TIME = {"type": ["string", "null"], "format": "date-time"}
_TEXT = {"type": "string"}
_MAYBE_TEXT = {"type": ["string", "null"]}
_COUNT = {"type": "integer", "minimum": 0}
_FLAG = {"type": "boolean"}
_SHARE = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
_MS = {"type": ["number", "null"], "minimum": 0}
_ID = {"type": "string", "format": "uuid"}
_KIND = {"type": "string", "enum": SilenceKind.values}


def _object(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties, **more}


_LATENCY = _object(dict.fromkeys(PERCENTILES, _MS), description="Of answered checks.")
_RESULT = _object(
    {
        "at": _TIME,
        "ok": _FLAG,
        "slow": {**_FLAG, "description": "Answered late, or calls beside it failed."},
        "maintenance": _FLAG,
        "code": _MAYBE_TEXT,
        "detail": _MAYBE_TEXT,
        "duration_ms": _MS,
    }
)
_HOST = _object(
    {"name": _TEXT, "instances": _COUNT, "failing": _COUNT, "said": _TEXT},
    description="The instances that talk to the same host, as far as you see them.",
)
HEALTH = _object(
    {
        "health": {"type": "string", "enum": Health.values},
        "reason": _TEXT,
        "since": _MAYBE_TIME,
        "flapping": {
            **_FLAG,
            "description": "It fell again and again within an hour: it has to be good for longer "
            "than two checks before it is called healthy.",
        },
        "checked_by": {
            **_MAYBE_TEXT,
            "description": "The health method; null: connection, TLS and credential.",
        },
        "checked_at": _MAYBE_TIME,
        "interval_seconds": _COUNT,
        "next_check_at": _MAYBE_TIME,
        "uptime": _object(
            dict.fromkeys(WINDOWS, _SHARE), description="The share of checks that were answered."
        ),
        "latency_ms": _LATENCY,
        "certificate_expires_at": _MAYBE_TIME,
        "credential_expires_at": _MAYBE_TIME,
        "quiet": {
            "type": "array",
            "description": "The maintenance and silences that are in force.",
            "items": _object({"id": _ID, "kind": _KIND, "ends_at": _TIME, "reason": _TEXT}),
        },
        "host": {"oneOf": [_HOST, {"type": "null"}]},
        "results": {"type": "array", "items": _RESULT},
    }
)
HEALTH_EXAMPLE = response_example(
    {
        "health": "degraded",
        "reason": "It answers slowly: the last check took 4120 ms, over 3000 ms is slow.",
        "since": "2026-11-23T02:58:04Z",
        "flapping": False,
        "checked_by": "ping",
        "checked_at": "2026-11-23T03:00:04Z",
        "interval_seconds": 60,
        "next_check_at": "2026-11-23T03:01:02Z",
        "uptime": {"24h": 1.0, "7d": 0.9991, "30d": 0.9997, "90d": None},
        "latency_ms": {"p50": 62.0, "p95": 4050.0, "p99": 4120.0},
        "certificate_expires_at": "2027-02-01T00:00:00Z",
        "credential_expires_at": None,
        "quiet": [],
        "host": {"name": "api.acme.example:443", "instances": 5, "failing": 0, "said": ""},
        "results": [
            {
                "at": "2026-11-23T03:00:04Z",
                "ok": True,
                "slow": True,
                "maintenance": False,
                "code": None,
                "detail": None,
                "duration_ms": 4120.0,
            }
        ],
    }
)
_SPAN = _object(
    {
        "at": {**_TIME, "description": "When the minute, hour or day began."},
        "good": _COUNT,
        "slow": _COUNT,
        "failed": _COUNT,
        "maintenance": {**_COUNT, "description": "Checks that do not count."},
        "calls": {**_COUNT, "description": "Calls that ended between checks; 500 a check at most."},
        "calls_failed": {**_COUNT, "description": "Those that the external system failed."},
        "uptime": _SHARE,
        "latency_ms": _LATENCY,
    }
)
HISTORY = _object({"results": {"type": "array", "items": _SPAN}})
HISTORY_EXAMPLE = response_example(
    {
        "results": [
            {
                "at": "2026-11-23T03:00:00Z",
                "good": 57,
                "slow": 2,
                "failed": 1,
                "maintenance": 0,
                "calls": 1204,
                "calls_failed": 3,
                "uptime": 0.983333,
                "latency_ms": {"p50": 62.0, "p95": 180.0, "p99": 4120.0},
            }
        ]
    }
)
SILENCE_BODY: dict[str, Any] = {
    "type": "object",
    "required": ["kind", "ends_at"],
    "properties": {
        "kind": {
            **_KIND,
            "description": "In both nobody is told; in a maintenance checks do not count for "
            "uptime either.",
        },
        "instance": {
            "type": "string",
            "minLength": 1,
            "maxLength": 80,
            "description": "Its slug or id; default: every instance.",
        },
        "starts_at": {**_TIME, "description": "Default: now."},
        "ends_at": _TIME,
        "reason": {"type": "string", "maxLength": 300},
    },
    "additionalProperties": False,
}
SILENCE_REQUEST = request_example(
    {
        "kind": "maintenance",
        "instance": "acme",
        "starts_at": "2027-01-10T22:00:00Z",
        "ends_at": "2027-01-11T02:00:00Z",
        "reason": "Their yearly upgrade",
    }
)
SILENCE = _object(
    {
        "id": _ID,
        "kind": _KIND,
        "instance": {**_MAYBE_TEXT, "description": "A slug; null: every instance."},
        "starts_at": _TIME,
        "ends_at": _TIME,
        "reason": _TEXT,
        "created_by": _TEXT,
        "created_at": _TIME,
    }
)
