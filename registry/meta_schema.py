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
from registry.policy_schema import (
    ANY_SCHEMA,
    OPEN,
    POLICIES,
    TIMEOUT_MS,
    JSONSchema,
    closed,
    text,
    whole,
)
from registry.webhook_schema import WEBHOOK

RISKS = ("read", "write", "destructive")
MAX_METHODS = 5_000


AUTH: JSONSchema = {
    "type": "object",
    "required": ["type"],
    "properties": {
        "id": text(80, "What a credential names by `auth`; default: the type.", minLength=1),
        "type": text(40, "An auth scheme.", minLength=1),
        "errors": {
            "type": "array",
            "maxItems": 50,
            "items": closed(
                {
                    "status": {"type": "array", "items": whole(100, 599), "minItems": 1},
                    "body": text(8_192, "A JMESPath or a regular expression."),
                    "www_authenticate": text(1_000),
                    "outcome": text(80, minLength=1),
                },
                required=["outcome"],
            ),
        },
    },
}
PAGINATION = closed(
    {
        "style": {
            "enum": ["cursor", "page", "offset", "link_header"],
            "description": "How the next page is found: a value or an address in the answer, a "
            "page number, the number of items so far, or the Link header's rel=next.",
        },
        "cursor_path": text(1_000, "Where an answer has the next cursor; none or null ends."),
        "items_path": text(1_000, "Where an answer has its list; default `$`, the answer."),
        "items_optional": {
            "type": "boolean",
            "description": "The system leaves an empty list out: such an answer is an empty page.",
        },
        "param": text(
            200,
            "The parameter that takes the cursor, page or offset; default `page` or `offset`. "
            "Without one a cursor is the address of the next page.",
            minLength=1,
        ),
        "size_param": text(200, "The parameter that takes `page_size`.", minLength=1),
        "page_size": whole(1, 100_000, "Items of a full page: a shorter one is the last."),
        "start": whole(0, 1_000_000, "The first page (default 1) or offset (default 0)."),
        "max_pages": whole(1, 1_000, "Default 100; more are cut, and the answer says so."),
        "max_items": whole(1, 100_000, "Default 10,000; more are cut, likewise."),
    },
    required=["style"],
    description="One call fetches every page; its result is the list of all their items.",
)
EXAMPLE = closed({"name": text(120), "description": text(2_000), "parameters": OPEN, "result": {}})


def _method(protocols: Mapping[str, Any], required: Iterable[str]) -> JSONSchema:
    return closed(
        {
            "description": text(10_000),
            "risk": {"enum": list(RISKS), "description": "Default: read."},
            "idempotent": {"type": "boolean", "description": "Safe to send again."},
            "idempotency_header": text(
                100, "The upstream takes an idempotency key in this header.", pattern=HEADER_PATTERN
            ),
            "timeout_ms": TIMEOUT_MS,
            "param_schema": ANY_SCHEMA,
            "result_schema": ANY_SCHEMA,
            "request_transform": OPEN,
            "response_transform": OPEN,
            "pagination": PAGINATION,
            "cache_seconds": whole(
                0, 31_536_000, "How long an answer serves equal calls; of methods that read."
            ),
            "sensitive": {
                "type": "array",
                "maxItems": 500,
                "uniqueItems": True,
                "items": text(1_000, "`parameters.…` or `result.…`", minLength=1),
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
        **closed(
            {
                "slug": text(80, pattern=SLUG_PATTERN),
                "name": text(120, minLength=1),
                "description": text(10_000),
                "version": text(40, "A semantic version: 1.2.0", pattern=VERSION_PATTERN),
                "type": text(40, "The adapter.", minLength=1),
                "supports": text(
                    100, "The versions of the adapter that it works with: ^1.2 or >=1 <3."
                ),
                "extends": text(130, "slug@range of the definition to inherit from."),
                "docs_url": text(2_000, format="uri"),
                "tags": {
                    "type": "array",
                    "maxItems": 50,
                    "uniqueItems": True,
                    "items": text(40, pattern="^[^,]+$"),
                },
                "sunset": {"type": "string", "format": "date"},
                "config_schema": OPEN | {"description": ANY_SCHEMA["description"]},
                "default_config": OPEN,
                "allowed_hosts": {
                    "type": "array",
                    "maxItems": 100,
                    "items": text(253, "A host or *.domain.", pattern=r"^(?:\*\.)?[^\s/@*]+$"),
                },
                "auth": {"type": "array", "maxItems": 20, "items": AUTH},
                **POLICIES,
                "health_check": closed(
                    {
                        "method": text(120, pattern=METHOD_PATTERN),
                        "interval_seconds": whole(10, 86_400),
                        "slow_ms": whole(1, 10_000, "Longer answers count as slow."),
                    },
                    required=["method"],
                ),
                "redirects": whole(0, 10, "How many redirects a call may follow."),
                "propagate_trace": {
                    "type": "boolean",
                    "description": "Send the trace's `traceparent` along.",
                },
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
