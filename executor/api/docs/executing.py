"""Calling a method."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiResponse

from executor.api import envelope
from executor.api.docs.parts import EXAMPLE_ID, KEY
from executor.api.docs.shapes import ACCEPTED, COMPLETED
from integration_hub.api.schema import request_example, response_example

ANSWERS: dict[Any, Any] = {
    200: OpenApiResponse(COMPLETED, "It was called and this is the result."),
    202: OpenApiResponse(ACCEPTED, "It is accepted: `Location` is its execution."),
}
EXAMPLES = [
    response_example(
        {
            "execution_id": EXAMPLE_ID,
            "status": "completed",
            "data": {"id": "9"},
            "attempts": 1,
            "duration_ms": 41.5,
            "cached": False,
        },
        "Completed",
    ),
    response_example({"execution_id": EXAMPLE_ID, "status": "queued"}, "Accepted", 202),
]
_PARAMETERS_EXAMPLE = {"parameters": {"list_id": "1", "email": "a@example.com"}}

EXECUTE: dict[str, Any] = {
    "operation_id": "execute",
    "parameters": [KEY],
    "request": {"application/json": envelope.EXECUTE},
    "responses": ANSWERS,
    "examples": [request_example(_PARAMETERS_EXAMPLE), *EXAMPLES],
}
EXECUTE_BY_CONTEXT: dict[str, Any] = {
    "operation_id": "execute_by_context",
    "parameters": [KEY],
    "request": {"application/json": envelope.EXECUTE_BY_CONTEXT},
    "responses": ANSWERS,
    "examples": [
        request_example(
            {
                "integration": "acme-crm@^1",
                "method": "create_contact",
                "context": {"client_id": "c-17"},
                **_PARAMETERS_EXAMPLE,
            }
        ),
        *EXAMPLES,
    ],
}
