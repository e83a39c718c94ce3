"""One external system with a method for every way in which a call can go."""

from __future__ import annotations

import threading

import pytest

from credentials import services as credentials
from executor import pipeline, services
from executor.calls import CallOptions
from executor.choices import ExecutionStatus, Mode
from executor.models import Execution
from integration_hub.access.caller import Caller
from integration_hub.coordination import revision
from integration_hub.lib import jsonsafe
from registry import services as registry
from registry.models import Instance

SECRET = "tok-4f9a7c31d2e8b650"


def _http(path: str, method: str = "GET", **members):
    return {"http": {"method": method, "path": path}, **members}


_SAYS = {
    "type": "object",
    "required": ["status"],
    "properties": {"status": {"type": "string"}},
    "additionalProperties": {"type": "string"},
}
METHODS = {
    "ping": _http("/ok"),
    "get_contact": _http(
        "/contacts/{id}",
        param_schema={
            "type": "object",
            "required": ["id"],
            "properties": {"id": {"type": "string"}, "q": {"type": "integer"}},
            "additionalProperties": False,
        },
    ),
    "create_contact": _http("/contacts", "POST"),
    "create_keyed": _http("/keyed", "POST", idempotency_header="Idempotency-Key"),
    "shaped": _http(
        "/contacts",
        "POST",
        request_transform={
            "rules": [{"source": "email", "target": "contact.email", "required": True}]
        },
        response_transform={"rules": [{"source": "json.contact.email", "target": "mail"}]},
        result_schema={"type": "object", "required": ["mail"]},
    ),
    "wrong_result": _http("/ok", result_schema={"type": "object", "required": ["nothing"]}),
    "bad_json": _http("/bad-json"),
    "xml": _http("/xml"),
    "charset": _http(
        "/charset/{as}/{said}",
        param_schema={
            "type": "object",
            "properties": {"as": {"type": "string"}, "said": {"type": "string"}},
        },
    ),
    "redirects": _http("/redirect"),
    "status": _http(
        "/status/{code}",
        param_schema={
            "type": "object",
            "required": ["code"],
            "properties": {"code": {"type": "string"}},
        },
    ),
    "post_status": _http(
        "/status/{code}",
        "POST",
        param_schema={
            "type": "object",
            "required": ["code"],
            "properties": {"code": {"type": "string"}},
        },
    ),
    "says": _http("/says/{status}", param_schema=_SAYS),
    "says_apart": _http(
        "/says/{status}",
        param_schema=_SAYS,
        rate_limit={"requests": 100, "per_seconds": 1, "burst": 100},
    ),
    "says_again": _http(
        "/says/{status}",
        param_schema=_SAYS,
        retry={"max_attempts": 9, "initial_delay_ms": 1},
        circuit_breaker={"window": 100, "min_calls": 100},
    ),
    "late": _http("/delay/0.5", timeout_ms=300, retry={"max_attempts": 9, "initial_delay_ms": 1}),
    "flaky": _http("/flaky/2", retry={"max_attempts": 3, "initial_delay_ms": 1}),
    "flaky_post": _http("/flaky/2", "POST", retry={"max_attempts": 3, "initial_delay_ms": 1}),
    "flaky_keyed": _http(
        "/flaky/2",
        "POST",
        idempotency_header="Idempotency-Key",
        retry={"max_attempts": 3, "initial_delay_ms": 1},
    ),
    "busy": _http("/429/5", retry={"max_attempts": 3, "initial_delay_ms": 1}),
    "busy_post": _http("/429/1", "POST", retry={"max_attempts": 2, "initial_delay_ms": 1}),
    "reset": _http("/reset"),
    "reset_post": _http("/reset", "POST"),
    "hang": _http("/hang", timeout_ms=200),
    "hang_post": _http("/hang", "POST", timeout_ms=200),
    "slow": _http("/hang", timeout_ms=20_000),
    "slow_post": _http("/hang", "POST", timeout_ms=20_000),
    "brief": _http("/delay/0.1"),
    "brief_post": _http("/delay/0.1", "POST"),
    "limited": _http("/ok", rate_limit={"requests": 1, "per_seconds": 60, "burst": 1}),
    "soon": _http("/ok", rate_limit={"requests": 5, "per_seconds": 1, "burst": 1}),
    "breaks": _http(
        "/status/500", circuit_breaker={"window": 4, "min_calls": 2, "cooldown_ms": 60_000}
    ),
    "breaks_soon": _http(
        "/status/500",
        retry={"max_attempts": 3, "initial_delay_ms": 1},
        circuit_breaker={"window": 4, "min_calls": 1, "cooldown_ms": 60_000},
    ),
    "private": _http(
        "/contacts",
        "POST",
        sensitive=["parameters.email", "result.json.email", "result.body"],
    ),
}
DOCUMENT = {
    "slug": "acme",
    "name": "Acme",
    "version": "1.0.0",
    "type": "http",
    "sunset": "2027-12-31",
    "config_schema": {
        "type": "object",
        "required": ["base_url"],
        "properties": {"base_url": {"type": "string", "format": "uri"}},
    },
    "auth": [{"id": "key", "type": "bearer"}],
    "health_check": {"method": "ping"},
    "methods": METHODS,
}


@pytest.fixture(autouse=True)
def _fresh_process():
    """What a process remembers of a database that the last test rolled back."""
    revision.forget()


@pytest.fixture
def acme(db, upstream):
    """The instance `acme` of that system, with its credential."""
    registry.create_definition(document=DOCUMENT, actor="tests", publish=True)
    instance = registry.create_instance(
        definition="acme@1.0.0", slug="acme", actor="tests", config={"base_url": upstream.url}
    )
    credentials.put_credential(
        instance=instance,
        type="bearer",
        data={"token": SECRET},
        caller=Caller.command("tests"),
    )
    return instance


@pytest.fixture
def guarded(acme, upstream) -> Instance:
    """`acme` at a version whose health method asks for a token."""
    registry.create_definition(
        document={
            **DOCUMENT,
            "version": "2.0.0",
            "health_check": {"method": "guarded"},
            "methods": {
                "guarded": _http("/let-in"),
                "guarded_post": _http("/let-in", "POST"),
            },
        },
        actor="tests",
        publish=True,
    )
    registry.upgrade_instance(instance=acme, version="2.0.0", actor="tests")
    upstream.let_in = {SECRET}
    return acme


CALLER = Caller.command("tests")


@pytest.fixture
def call(acme):
    """`call("ping", {...}, key=…)`: a sync call as someone without limits; reply and body."""

    def make(method: str, parameters=None, *, key=None, caller=CALLER, **options):
        reply = services.execute(
            caller=caller,
            instance_ref="acme",
            method=method,
            parameters=parameters or {},
            options=CallOptions(**options),
            idempotency_key=key,
        )
        return reply, jsonsafe.loads(reply.body)

    return make


@pytest.fixture
def accept(call):
    """`accept("ping")`: an accepted async execution, not yet claimed."""

    def make(method: str, parameters=None, **options) -> Execution:
        _, body = call(method, parameters, mode=Mode.ASYNC, **options)
        return Execution.objects.get(pk=body["execution_id"])

    return make


@pytest.fixture
def work():
    """`work(execution)`: claim a row as a worker does, run it, and read it again."""

    def run(execution: Execution, *, cancelled: threading.Event | None = None) -> Execution:
        claimed(execution)
        pipeline.run_claimed(execution, cancelled=cancelled or threading.Event())
        execution.refresh_from_db()
        return execution

    return run


def claimed(execution: Execution) -> Execution:
    Execution.objects.filter(pk=execution.pk).update(
        status=ExecutionStatus.EXECUTING, lease_owner="tests", fence=execution.fence + 1
    )
    execution.refresh_from_db()
    return execution
