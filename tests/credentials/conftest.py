"""A definition that takes every type of credential, and an instance of it."""

from __future__ import annotations

import copy

import pytest

from credentials import services
from executor import services as executor
from executor.calls import CallOptions
from integration_hub.access.caller import Caller
from integration_hub.lib import jsonsafe
from registry import runtime
from registry import services as registry
from registry.models import Definition, Instance
from tests.credentials.verifying import Verifier

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
    "redirects": 2,
    "auth": AUTH,
    "methods": {
        "ping": {"http": {"method": "GET", "path": "/status"}},
        "find": {
            "http": {"method": "GET", "path": "/items/{id}"},
            "param_schema": {
                "type": "object",
                "required": ["id"],
                "properties": {"id": {"type": "string"}},
            },
        },
        "create": {"http": {"method": "POST", "path": "/items"}},
    },
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
def verifier():
    """`verifier(judge)`: an external system that judges each request that reaches it."""
    running: list[Verifier] = []

    def start(judge, tls=None) -> Verifier:
        running.append(Verifier(judge, tls))
        return running[-1]

    yield start
    for one in running:
        one.server.close()


@pytest.fixture
def through(connect, put, caller):
    """`through(server, {"type": …}, {…data})`: the hub's calls of that system; `call()` makes one.

    Each gives the status of the reply and its document.
    """

    def ready(url: str, auth: dict, data: dict, slug: str = "guarded", config=None, **members):
        instance = connect(slug, auth=[auth], config={"base_url": url, **(config or {})}, **members)
        put(instance, auth["type"], data)

        def call(method: str = "ping", parameters=None):
            reply = executor.execute(
                caller=caller,
                instance_ref=slug,
                method=method,
                parameters=parameters or {},
                options=CallOptions(),
            )
            return reply.status, jsonsafe.loads(reply.body)

        return call

    return ready


@pytest.fixture
def use():
    """`use(instance)`: what a call of it would sign with."""
    from credentials.runtime import use_for  # noqa: PLC0415 - named like what it wraps

    return lambda instance: use_for(runtime.by_id(instance.pk))
