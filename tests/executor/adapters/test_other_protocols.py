"""A protocol that is not HTTP has what HTTP has: credentials, the log, masking, judgement."""

from __future__ import annotations

import pytest

from credentials import services as credentials
from executor import services
from executor.calls import CallOptions
from executor.models import Payload
from integration_hub.access.caller import Caller
from integration_hub.coordination import revision
from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import TargetForbidden, ValidationFailed
from registry import services as registry
from registry.adapter import adapters
from tests.executor.adapters.line_protocol import LineAdapter, serve
from tests.raw_server import RawServer

SECRET = "pass-word-4f9a7c31d2"
CALLER = Caller.command("tests")


@pytest.fixture(autouse=True)
def _adapter(monkeypatch):
    revision.forget()
    monkeypatch.setattr(adapters, "_items", {**adapters._items, "line": LineAdapter()})


@pytest.fixture
def server():
    made = RawServer(serve)
    yield made
    made.close()


def document(auth="basic", **members):
    return {
        "slug": "lines",
        "name": "Lines",
        "version": "1.0.0",
        "type": "line",
        "auth": [{"type": auth}],
        "methods": {
            "echo": {"line": {"say": "ECHO"}},
            "missing": {"line": {"say": "404"}},
            "denied": {"line": {"say": "401"}},
            "busy": {"line": {"say": "503"}},
            "hang": {"line": {"say": "HANG"}, "timeout_ms": 300},
        },
        **members,
    }


@pytest.fixture
def call(db, server):
    registry.create_definition(document=document(), actor="tests", publish=True)
    instance = registry.create_instance(
        definition="lines@1.0.0",
        slug="lines",
        actor="tests",
        config={"host": "127.0.0.1", "port": server.port},
    )
    credentials.put_credential(
        instance=instance,
        type="basic",
        data={"username": "hub", "password": SECRET},
        caller=CALLER,
    )

    def make(method, **parameters):
        reply = services.execute(
            caller=CALLER,
            instance_ref="lines",
            method=method,
            parameters=parameters,
            options=CallOptions(),
        )
        return reply.status, jsonsafe.loads(reply.body)

    return make


def test_it_logs_in_and_answers_with_a_document(call) -> None:
    status, body = call("echo", number=2**70)
    assert status == 200
    assert body["data"] == {"who": "hub:***", "got": {"number": 2**70}}


def test_the_log_shows_what_was_said_and_nothing_of_the_login(call) -> None:
    _, body = call("echo", note=f"see {SECRET}")
    payload = Payload.objects.get(pk=body["execution_id"])
    (exchange,) = jsonsafe.loads(payload.exchanges)
    assert exchange["request"]["method"] == "ECHO"
    assert exchange["request"]["url"].startswith("line://127.0.0.1:")
    assert exchange["request"]["body"] == '{"note":"see ***"}'
    assert "hub:***" in exchange["response"]["body"]
    assert SECRET not in payload.exchanges + payload.data + payload.parameters


def test_a_refusal_is_judged_by_the_status_that_says_the_same(call) -> None:
    status, body = call("missing")
    assert (status, body["code"]) == (502, "INTEGRATION_ERROR")
    assert body["detail"] == "The external system declined."
    assert body["upstream"]["status"] == 404
    assert not body["retryable"]
    assert call("denied")[1]["code"] == "AUTH_ERROR"


def test_an_attempt_without_an_answer_shows_what_was_to_be_sent(call) -> None:
    status, body = call("hang", a=1)
    assert (status, body["code"], body["retryable"]) == (504, "TIMEOUT_ERROR", False)
    (exchange,) = jsonsafe.loads(Payload.objects.get(pk=body["execution_id"]).exchanges)
    assert exchange["request"]["method"] == "HANG"
    assert exchange["response"] is None


def test_the_address_policy_holds(call, settings) -> None:
    settings.HUB_OUTBOUND_ALLOW = []
    status, body = call("echo")
    assert (status, body["code"]) == (403, "TARGET_FORBIDDEN")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "config",
    [
        {"host": "169.254.169.254", "port": 80},
        {"host": "10.0.0.1", "port": "no"},
        {"dsn": "postgres://10.0.0.1/x"},
        {"host": "mail.acme.example", "port": 25, "wsdl": "http://10.0.0.1/s?wsdl"},
    ],
)
def test_an_instance_with_a_forbidden_address_is_not_even_made(config) -> None:
    registry.create_definition(document=document(), actor="tests", publish=True)
    with pytest.raises(TargetForbidden):
        registry.create_instance(definition="lines@1.0.0", slug="x", actor="tests", config=config)


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["digest", "ssh_key"])
def test_a_credential_that_the_protocol_cannot_use_is_refused_with_the_definition(kind) -> None:
    with pytest.raises(ValidationFailed) as refused:
        registry.create_definition(document=document(kind), actor="tests")
    fault = next(item for item in refused.value.errors if item.code == "UNSUPPORTED_AUTH")
    assert fault.pointer == "/auth/0/type"
    assert "basic, bearer, none" in fault.detail
