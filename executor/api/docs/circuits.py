"""What the OpenAPI document says of an instance's circuits."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiResponse

from executor.api.docs.parts import EMPTY_BODY
from executor.choices import CircuitChanged
from integration_hub.api.schema import request_example, response_example
from integration_hub.coordination.models import HoldKind

_STATE = {"type": "string", "enum": ["closed", "open", "half_open", "forced_open", "disabled"]}
_TIME = {"type": ["string", "null"], "format": "date-time"}
_WAIT = {"type": "number", "minimum": 0, "description": "Seconds until an open one lets one go."}
_WHO = {"type": ["string", "null"], "description": "Who did it; null: the circuit by itself."}


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


_NAME = {"type": "string", "description": "A method's name, or `host`."}
_BASE: dict[str, Any] = {"scope": _NAME, "state": _STATE, "retry_after": _WAIT}
_WHY: dict[str, Any] = {"since": _TIME, "reason": {"type": "string"}, "by": _WHO}
_CIRCUIT = _closed(_BASE | _WHY)
_HOST = _closed({"address": {"type": "string"}} | _BASE | _WHY)
_CHANGED = _closed(
    {
        "scope": _NAME,
        "change": {"type": "string", "enum": CircuitChanged.values},
        "at": {"type": "string", "format": "date-time"},
        "reason": {"type": "string"},
        "by": _WHO,
    }
)
_HOLD = _closed(
    {
        "scope": {
            "type": "string",
            "description": "A method that has a `rate_limit` of its own, or `*` for all others.",
        },
        "kind": {
            "type": "string",
            "enum": HoldKind.values,
            "description": "The external system refused a call, said that its quota is spent, or "
            "one call finds out whether it is over.",
        },
        "retry_after": {
            "type": "number",
            "minimum": 0,
            "description": "Seconds until calls are sent again.",
        },
    }
)
OVERVIEW = _closed(
    {
        "results": {"type": "array", "items": _CIRCUIT},
        "host": {"oneOf": [_HOST, {"type": "null"}]},
        "holds": {
            "type": "array",
            "items": _HOLD,
            "description": "What no call is sent of now, as the external system asked.",
        },
        "history": {"type": "array", "items": _CHANGED},
    }
)
CHANGED = _closed({"results": {"type": "array", "items": _closed(_BASE)}})
CHANGE_BODY: dict[str, Any] = {
    "type": "object",
    "required": ["state"],
    "properties": {
        "state": {
            "type": "string",
            "enum": ["forced_open", "disabled", "closed"],
            "description": "`forced_open` refuses every call, `disabled` lets every call go, both "
            "until it is set otherwise; `closed` forgets what was counted and works by itself.",
        },
        "scope": {
            "type": "string",
            "maxLength": 120,
            "description": "A method's name, or `host`; default: every method.",
        },
        "reason": {"type": "string", "maxLength": 300},
    },
    "additionalProperties": False,
}
CIRCUITS: dict[str, Any] = {
    "operation_id": "instances_circuits",
    "responses": {200: OpenApiResponse(OVERVIEW, "The circuits and their last changes.")},
    "examples": [
        response_example(
            {
                "results": [
                    {
                        "scope": "create_contact",
                        "state": "open",
                        "retry_after": 21.4,
                        "since": "2026-11-23T10:00:08.600Z",
                        "reason": "A probe failed.",
                        "by": None,
                    }
                ],
                "host": {
                    "address": "api.acme.example:443",
                    "scope": "host",
                    "state": "closed",
                    "retry_after": 0,
                    "since": None,
                    "reason": "",
                    "by": None,
                },
                "holds": [{"scope": "*", "kind": "refused", "retry_after": 12.5}],
                "history": [
                    {
                        "scope": "create_contact",
                        "change": "opened",
                        "at": "2026-11-23T10:00:08.600Z",
                        "reason": "A probe failed.",
                        "by": None,
                    }
                ],
            }
        )
    ],
}
CHANGE: dict[str, Any] = {
    "operation_id": "instances_circuits_change",
    "request": {"application/json": CHANGE_BODY},
    "responses": {200: OpenApiResponse(CHANGED, "The circuits that were set.")},
    "examples": [
        request_example(
            {"scope": "create_contact", "state": "forced_open", "reason": "Acme maintenance"}
        )
    ],
}
RESET: dict[str, Any] = {
    "operation_id": "instances_circuits_reset",
    "request": {"application/json": EMPTY_BODY},
    "responses": {200: OpenApiResponse(CHANGED, "The circuits, closed.")},
    "examples": [request_example({})],
}
