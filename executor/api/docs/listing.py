"""The list of executions, and its export."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse

from executor.api.docs.parts import query
from executor.api.docs.shapes import SUMMARY
from executor.choices import ExecutionStatus
from integration_hub.api.pagination import MAX_PAGE_SIZE
from integration_hub.api.schema import response_example

_FILTERS = [
    query("instance", str, "Slug or id."),
    query("method", str, "Name of the method."),
    query("status", str, "May be given several times.", enum=ExecutionStatus.values, many=True),
    query("code", str, "The error's code."),
    query("correlation_id", str, "As it was sent."),
    query("caller", str, "Name, or id like `token:<id>`."),
    query("replay_of", OpenApiTypes.UUID, "The execution that was replayed."),
    query("created_after", OpenApiTypes.DATETIME, "From this time on."),
    query("created_before", OpenApiTypes.DATETIME, "Before this time."),
    query("min_duration_ms", OpenApiTypes.NUMBER, "Took at least this long."),
    query("search", str, "An id, a correlation id, an instance or a method."),
]
LIST: dict[str, Any] = {
    "operation_id": "executions_list",
    "filters": False,
    "parameters": [
        *_FILTERS,
        query("cursor", str, "From `next` or `previous` of a page."),
        query(
            "page_size", {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE}, "Rows a page."
        ),
        query(
            "ordering", str, "Newest first unless `created_at`.", enum=["-created_at", "created_at"]
        ),
    ],
    "responses": {200: OpenApiResponse(SUMMARY, "One page.")},
}
EXPORT: dict[str, Any] = {
    "operation_id": "executions_export",
    "filters": False,
    "parameters": [
        query("format", str, "How it is written.", enum=["ndjson", "csv"], default="ndjson"),
        *_FILTERS,
    ],
    "responses": {
        (200, "application/x-ndjson"): OpenApiResponse(
            OpenApiTypes.STR,
            "One execution a line.",
            [
                response_example(
                    '{"id":"0199f3a0-7b1c-7000-8000-1f2e3d4c5b6a","status":"completed",'
                    '"instance":"acme","method":"create_contact","duration_ms":41.5}\n'
                )
            ],
        ),
        (200, "text/csv"): OpenApiResponse(OpenApiTypes.STR, "With a header line."),
    },
}
