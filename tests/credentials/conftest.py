"""A definition that takes every type of credential, and an instance of it."""

from __future__ import annotations

import copy

import pytest

from credentials import services
from integration_hub.access.caller import Caller
from registry import runtime
from registry import services as registry
from registry.models import Definition, Instance

CANARY = "canary9Qx7value/+\"'é"
HEADER_CANARY = "canary9Qx7value/+\"'<&>"  # what may stand in a header

AUTH = [
    {"id": "token", "type": "bearer"},
    {"id": "key", "type": "api_key", "in": "header", "name": "X-Api-Key"},
    {"id": "query-key", "type": "api_key", "in": "query", "name": "api_key"},
    {"id": "login", "type": "basic"},
]
DOCUMENT = {
    "slug": "acme",
    "name": "Acme",
    "version": "1.0.0",
    "type": "http",
    "default_config": {"base_url": "https://api.acme.example"},
    "auth": AUTH,
    "methods": {"ping": {"http": {"method": "GET", "path": "/status"}}},
}


@pytest.fixture
def caller() -> Caller:
    return Caller.command("tests")


@pytest.fixture
def connect(db):
    """`connect("acme", auth=[…])`: an instance of a definition with these auth entries."""

    def make(slug: str = "acme", auth=None, **members) -> Instance:
        document = copy.deepcopy(DOCUMENT) | {"slug": f"def-{slug}"}
        document["auth"] = AUTH if auth is None else auth
        if not document["auth"]:
            del document["auth"]
        if not Definition.objects.filter(slug=document["slug"]).exists():
            registry.create_definition(document=document, actor="tests", publish=True)
        return registry.create_instance(
            definition=f"def-{slug}@1.0.0", slug=slug, actor="tests", **members
        )

    return make


@pytest.fixture
def acme(connect) -> Instance:
    return connect("acme")


@pytest.fixture
def put(caller):
    """`put(instance, "bearer", {"token": …})`: stored, and the row."""

    def store(instance: Instance, kind: str, data, **more):
        return services.put_credential(
            instance=instance, type=kind, data=data, caller=caller, **more
        )

    return store


@pytest.fixture
def use():
    """`use(instance)`: what a call of it would sign with."""
    from credentials.runtime import use_for  # noqa: PLC0415 - named like what it wraps

    return lambda instance: use_for(runtime.by_id(instance.pk))
