"""An instance: its connection's test, and what its provider changed."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiResponse

from executor.api.docs.parts import EMPTY_BODY, MS, TIME, closed
from integration_hub.api.schema import request_example, response_example

TEST_REPORT = closed(
    {
        "ok": {"type": "boolean"},
        "steps": {
            "type": "array",
            "items": closed(
                {
                    "name": {"type": "string"},
                    "status": {"type": "string", "enum": ["ok", "warn", "failed", "skipped"]},
                    "detail": {"type": "string"},
                    "hint": {"type": "string"},
                    "duration_ms": MS,
                }
            ),
        },
    }
)

DRIFT_LIST = closed(
    {
        "results": {
            "type": "array",
            "items": closed(
                {
                    "method": {"type": "string"},
                    "definition": {"type": "string"},
                    "field": {"type": "string", "description": "In the result; `*` is any item."},
                    "code": {"type": "string"},
                    "found": {"type": "string", "description": "A JSON type, or `absent`."},
                    "count": {"type": "integer"},
                    "first_at": TIME,
                    "last_at": TIME,
                    "patch": {
                        "type": "array",
                        "description": "A JSON Patch of the method's result_schema under which "
                        "it would pass; empty where none can be told.",
                        "items": {"type": "object", "additionalProperties": True},
                    },
                }
            ),
        }
    }
)
CONNECTION_TEST: dict[str, Any] = {
    "operation_id": "instances_test",
    "request": {"application/json": EMPTY_BODY},
    "responses": {200: OpenApiResponse(TEST_REPORT, "What was found, step by step.")},
    "examples": [request_example({})],
}

DRIFT: dict[str, Any] = {
    "operation_id": "instances_drift",
    "responses": {200: OpenApiResponse(DRIFT_LIST, "The fields that changed, the latest first.")},
    "examples": [
        response_example(
            {
                "results": [
                    {
                        "method": "get_contact",
                        "definition": "acme@1.0.0",
                        "field": "/tags/*",
                        "code": "TYPE",
                        "found": "integer",
                        "count": 12,
                        "first_at": "2026-03-01T08:00:00Z",
                        "last_at": "2026-03-01T09:30:00Z",
                        "patch": [
                            {
                                "op": "replace",
                                "path": "/properties/tags/items/type",
                                "value": ["string", "integer"],
                            }
                        ],
                    }
                ]
            },
            "A field of another type",
        )
    ],
}
