"""The steps that journeys share, taken through the services that REST and the admin use."""

from __future__ import annotations

from typing import Any

from rest_framework.test import APIClient

from integration_hub.access import services as access

CANARY = "canary-Zk93-q/Wx7+secret=="

DEFINITION: dict[str, Any] = {
    "slug": "demo",
    "name": "Demo system",
    "version": "1.0.0",
    "type": "http",
    "config_schema": {
        "type": "object",
        "required": ["base_url"],
        "properties": {"base_url": {"type": "string", "format": "uri"}},
    },
    "auth": [{"type": "bearer"}],
    "health_check": {"method": "ping", "interval_seconds": 60},
    "methods": {
        "ping": {"http": {"method": "GET", "path": "/ok"}},
        "bearer": {"http": {"method": "GET", "path": "/bearer"}},
        "get_order": {
            "http": {"method": "GET", "path": "/xml"},
            "response_transform": {
                "rules": [
                    {"source": "order.`@id`", "target": "id", "type": "integer"},
                    {"source": "order.item[*].`@sku`", "target": "skus", "cardinality": "many"},
                ]
            },
            "result_schema": {"type": "object", "required": ["id", "skus"]},
        },
        "create_contact": {
            "risk": "write",
            "param_schema": {
                "type": "object",
                "required": ["list_id", "email"],
                "properties": {
                    "list_id": {"type": "string"},
                    "email": {"type": "string", "format": "email"},
                    "name": {"type": "string"},
                },
            },
            "http": {"method": "POST", "path": "/contacts/{list_id}", "body": "json"},
            "request_transform": {
                "rules": [
                    {"source": "email", "target": "contact.email_address", "required": True},
                    {"source": "name", "target": "contact.name"},
                ]
            },
            "response_transform": {
                "rules": [
                    {"source": "json.contact.email_address", "target": "email", "required": True},
                    {"source": "path", "target": "path"},
                ]
            },
            "sensitive": ["parameters.email", "result.email"],
        },
        "reset": {"http": {"method": "POST", "path": "/reset"}, "timeout_ms": 3000},
        "flaky": {
            "http": {"method": "GET", "path": "/flaky/1"},
            "retry": {"max_attempts": 3, "initial_delay_ms": 1},
        },
    },
}


def client(*scopes: str) -> APIClient:
    _, raw = access.create_token(name="journey", scopes=scopes, actor="tests")
    found = APIClient()
    found.credentials(HTTP_AUTHORIZATION=f"Bearer {raw}")
    return found


def connect(base_url: str, *, slug: str = "demo", secret: str = CANARY) -> APIClient:
    """Define, publish, configure and authenticate over REST; returns the client that did it."""
    api = client("manage", "credentials", "execute")
    steps = [
        ("post", "/definitions", DEFINITION | {"slug": slug}, 201),
        ("post", f"/definitions/{slug}@1.0.0/publish", {}, 200),
        (
            "post",
            "/instances",
            {
                "definition": f"{slug}@^1",
                "slug": slug,
                "name": "Demo",
                "config": {"base_url": base_url},
            },
            201,
        ),
        (
            "put",
            f"/instances/{slug}/credentials",
            {"type": "bearer", "data": {"token": secret}},
            201,
        ),
    ]
    for verb, path, body, status in steps:
        answer = getattr(api, verb)("/api/v1" + path, body, format="json")
        assert answer.status_code == status, (path, answer.content)
    return api


def execute(api: APIClient, method: str, parameters: dict | None = None, **options: Any) -> Any:
    """POST …/execute; `key` becomes the Idempotency-Key header."""
    key = options.pop("key", None)
    headers = {"Idempotency-Key": key} if key else {}
    slug = options.pop("slug", "demo")
    return api.post(
        f"/api/v1/instances/{slug}/methods/{method}/execute",
        {"parameters": parameters or {}, **options},
        format="json",
        headers=headers,
    )
