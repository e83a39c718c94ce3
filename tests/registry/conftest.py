"""Small documents that are right, to be made wrong by the tests."""

from __future__ import annotations

import copy

import pytest

from registry import services
from registry.models import Definition

DOCUMENT = {
    "slug": "acme-crm",
    "name": "Acme CRM",
    "version": "1.2.0",
    "type": "http",
    "config_schema": {
        "type": "object",
        "required": ["base_url"],
        "properties": {
            "base_url": {"type": "string", "format": "uri"},
            "region": {"type": "string", "enum": ["eu", "us"], "default": "eu"},
        },
    },
    "default_config": {"base_url": "https://api.acme.example"},
    "auth": [{"id": "key", "type": "bearer"}],
    "rate_limit": {"requests": 100, "per_seconds": 60, "burst": 10},
    "retry": {"max_attempts": 3},
    "health_check": {"method": "ping"},
    "methods": {
        "ping": {"http": {"method": "GET", "path": "/status"}},
        "get_contact": {
            "description": "One contact",
            "param_schema": {
                "type": "object",
                "required": ["id"],
                "properties": {"id": {"type": "string"}},
            },
            "result_schema": {"type": "object"},
            "retry": {"initial_delay_ms": 50},
            "http": {"method": "GET", "path": "/contacts/{id}"},
            "sensitive": ["result.email"],
            "examples": [{"parameters": {"id": "1"}, "result": {"email": "a@example.com"}}],
        },
        "create_contact": {"http": {"method": "POST", "path": "/contacts"}},
    },
}


@pytest.fixture
def document():
    return copy.deepcopy(DOCUMENT)


@pytest.fixture
def define(db):
    """`define(version="1.3.0", …)`: a stored definition, published unless told otherwise."""

    def make(*, publish=True, **changes):
        return services.create_definition(
            document=copy.deepcopy(DOCUMENT) | changes, actor="tests", publish=publish
        )

    return make


@pytest.fixture
def connect(define):
    """`connect("acme", context=…)`: an instance, its definition made when there is none."""

    def make(slug="acme", definition="acme-crm@1.2.0", **members):
        if not Definition.objects.exists():
            define()
        return services.create_instance(definition=definition, slug=slug, actor="tests", **members)

    return make
