"""Problem documents as OpenAPI components: one schema, one example a code."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from integration_hub.api.problem import CONTENT_TYPE, problem_body, problem_type
from integration_hub.lib.errors import Cancelled, HubError, Poisoned, UpstreamError, is_own, tree

REQUEST_ID_HEADER = {"X-Request-ID": {"$ref": "#/components/headers/X-Request-ID"}}
_RETRY_HEADER = {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}
_RETRY_STATUSES = frozenset({429, 503, 507})


def answerable() -> list[type[HubError]]:
    """The errors that can be an HTTP answer, one class a code."""
    never = {UpstreamError, Poisoned, Cancelled}
    return [kind for kind in tree() if kind not in never and is_own(kind)]


def problem_responses(kinds: Iterable[type[HubError]]) -> dict[str, Any]:
    """OpenAPI responses of these errors: one a status, with an example for each code."""
    ordered = sorted(set(kinds), key=lambda kind: (kind.status, kind.code))
    return {
        str(status): _response(status, list(group))
        for status, group in groupby(ordered, key=lambda kind: kind.status)
    }


def components() -> dict[str, Any]:
    """What the responses refer to."""
    return {
        "schemas": {"Problem": _schema()},
        "examples": {kind.code: {"value": _example(kind)} for kind in answerable()},
        "headers": {
            "X-Request-ID": {
                "description": "The caller's own id if it sent a sane one, else a new one.",
                "schema": {"type": "string", "maxLength": 128},
            },
            "Retry-After": {
                "description": "Seconds after which to try again.",
                "schema": {"type": "integer", "minimum": 1},
            },
        },
    }


def _response(status: int, kinds: list[type[HubError]]) -> dict[str, Any]:
    return {
        "description": ", ".join(f"`{kind.code}`: {kind.title}" for kind in kinds),
        "headers": REQUEST_ID_HEADER | (_RETRY_HEADER if status in _RETRY_STATUSES else {}),
        "content": {
            CONTENT_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {
                    kind.code: {"$ref": f"#/components/examples/{kind.code}"} for kind in kinds
                },
            }
        },
    }


def _example(kind: type[HubError]) -> dict[str, Any]:
    wait = 5 if kind.default_retryable else None
    body = problem_body(kind(f"{kind.title}.", retry_after=wait), "0199f3a0-0000-7000-8000-0000")
    return body | {"instance": "/api/v1/instances/acme"}


def _schema() -> dict[str, Any]:
    codes = sorted({kind.code for kind in answerable()})
    fault = {
        "type": "object",
        "required": ["pointer", "detail", "code"],
        "properties": {
            "pointer": {
                "type": "string",
                "description": "JSON pointer (RFC 6901) into what was sent.",
            },
            "detail": {"type": "string"},
            "code": {"type": "string"},
        },
    }
    upstream = {
        "type": "object",
        "description": "What the external system answered: redacted, cut.",
        "properties": {"status": {"type": "integer"}, "body": {"type": ["string", "null"]}},
    }
    return {
        "type": "object",
        "description": "A failure, as RFC 9457 says; further members depend on the code.",
        "required": [
            *("type", "title", "status", "detail", "instance", "code"),
            *("retryable", "request_id", "errors", "suggestions"),
        ],
        "properties": {
            "type": {"type": "string", "format": "uri", "examples": [problem_type("NOT_FOUND")]},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string", "description": "What is wrong here, and the remedy."},
            "instance": {"type": "string", "format": "uri-reference"},
            "code": {"type": "string", "enum": codes},
            "retryable": {"type": "boolean", "description": "Repeating the same request is safe."},
            "request_id": {"type": "string"},
            "execution_id": {"type": "string", "format": "uuid"},
            "retry_after": {"type": "integer", "minimum": 1, "description": "Seconds."},
            "errors": {"type": "array", "items": fault},
            "suggestions": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
            "upstream": upstream,
        },
    }
