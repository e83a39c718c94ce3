"""Each route that writes: the audit row it leaves, or why it leaves none.

`given` prepares what the route needs (by the names of fixtures) and says what is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from executor.choices import ExecutionStatus
from executor.health import silences
from executor.models import Execution
from integration_hub.access.caller import Caller
from integration_hub.events import relay, sink_services
from integration_hub.events.models import Delivery, Event
from integration_hub.lib import clock, jsonsafe
from integration_hub.lib.standard_webhooks import new_secret
from registry import services as registry
from registry.models import Instance
from tests.audit import transforms, webhooks
from tests.credentials.oauth2.consent import CLIENT
from tests.executor.conftest import DOCUMENT

Get = Callable[[str], Any]


@dataclass(frozen=True)
class Sent:
    """The values of the address, and the body."""

    body: Any = None
    at: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Write:
    """`keeps`: tables that hold what was so before the row was due, whatever becomes of it."""

    action: str
    given: Callable[[Get], Sent]
    keeps: tuple[str, ...] = ()


FRESH = {
    "slug": "fresh",
    "name": "Fresh",
    "version": "1.0.0",
    "type": "http",
    "default_config": {"base_url": "https://api.fresh.example"},
    "methods": {"ping": {"http": {"method": "GET", "path": "/status"}}},
}
OPENAPI = {
    "openapi": "3.0.3",
    "info": {"title": "Pets", "version": "1.0.0"},
    "servers": [{"url": "https://pets.acme.example/v1"}],
    "paths": {
        "/pets": {"get": {"operationId": "pets", "responses": {"200": {"description": "-"}}}}
    },
}
POSTMAN = {
    "info": {
        "name": "Pets",
        "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
    },
    "item": [
        {"name": "Pets", "request": {"method": "GET", "url": "https://pets.acme.example/pets"}}
    ],
}
QUIET = {
    "kind": "silence",
    "instance": "acme",
    "ends_at": clock.rfc3339(clock.now() + timedelta(hours=1)),
}
SINK = {"name": "the log", "type": "log"}
WEBHOOK = {
    "name": "theirs",
    "type": "webhook",
    "config": {"url": "https://hooks.acme.example/in", "secret": new_secret()},
}
REF = {"ref": "acme"}
SHOP = {"ref": "shop"}
NEW = {"token": "new-5e6f7a8b9c0d1e2f3a4b"}


def _sends(body: Any = None) -> Callable[[Get], Sent]:
    return lambda _: Sent(body)


def _definition(*, publish: bool, body: Any = None) -> Callable[[Get], Sent]:
    def given(get: Get) -> Sent:
        registry.create_definition(document=FRESH, actor="tests", publish=publish)
        return Sent(body, {"ref": "fresh@1.0.0"})

    return given


def _adapter(_: Get) -> Sent:
    return Sent({}, {"type": "http"})


def _acme(body: Any = None) -> Callable[[Get], Sent]:
    def given(get: Get) -> Sent:
        get("acme")
        return Sent(body, REF)

    return given


def _testable(get: Get) -> Sent:
    get("worker_at_hand")
    return _acme()(get)


def _second(get: Get) -> Sent:
    """Another instance of the definition that `acme` has."""
    found = get("acme")
    return Sent(
        {"slug": "second", "definition": "acme@1.0.0", "config": jsonsafe.loads(found.config)}
    )


def _quiet(get: Get) -> Sent:
    get("acme")
    row = silences.create_silence(
        caller=Caller.command("tests"), kind="silence", ends_at=clock.now() + timedelta(hours=1)
    )
    return Sent(at={"silence_id": str(row.pk)})


def _disabled(get: Get) -> Sent:
    registry.disable_instance(instance=get("acme"), actor="tests")
    return Sent(at=REF)


def _tripped(get: Get) -> Sent:
    """`acme` with a circuit that calls have opened."""
    for _ in range(2):
        get("call")("breaks")
    return Sent(at=REF)


def _newer(get: Get) -> Sent:
    get("acme")
    registry.create_definition(
        document={**DOCUMENT, "version": "1.1.0"}, actor="tests", publish=True
    )
    return Sent({"version": "1.1.0"}, REF)


def _newer_for_all(get: Get) -> Sent:
    _newer(get)
    return Sent({}, {"ref": "acme@1.1.0"})


def _upgraded(get: Get) -> Sent:
    sent = _newer(get)
    registry.upgrade_instance(
        instance=Instance.objects.get(slug="acme"), version="1.1.0", actor="tests"
    )
    return Sent(None, sent.at)


def _upgraded_for_all(get: Get) -> Sent:
    _upgraded(get)
    return Sent({}, {"ref": "acme@1.1.0"})


def _whole_instance(get: Get) -> Sent:
    get("acme")
    body = get("api")("read").get("/api/v1/instances/acme").json()
    return Sent({**body, "name": "Another name"}, REF)


def _sink(body: Any = None, document: Any = None) -> Callable[[Get], Sent]:
    def given(get: Get) -> Sent:
        row = sink_services.create_sink(document=document or SINK, actor="tests")
        return Sent(body, {"sink_id": str(row.pk)})

    return given


def _delivery(get: Get) -> Sent:
    get("acme")
    relay.relay_once()
    row = Delivery.objects.order_by("pk")[0]
    return Sent(at={"sink_id": str(row.sink_id), "delivery_id": str(row.pk)})


def _event(get: Get) -> Sent:
    get("acme")
    return Sent(at={"event_id": str(Event.objects.order_by("pk")[0].pk)})


def _waiting(get: Get) -> Sent:
    return Sent(at={"execution_id": str(get("accept")("ping").pk)})


def _unknown(get: Get) -> Sent:
    row = get("accept")("ping")
    Execution.objects.filter(pk=row.pk).update(status=ExecutionStatus.OUTCOME_UNKNOWN)
    return Sent({"outcome": "completed", "note": "Seen there."}, {"execution_id": str(row.pk)})


def _ended(get: Get) -> Sent:
    get("call")("ping")
    return Sent({"filter": {"instance": "acme"}})


def _renewable(get: Get) -> Sent:
    get("renewing_shop")({}, grant="client_credentials")
    return Sent(at=SHOP)


def _shop(body: Any = None) -> Callable[[Get], Sent]:
    def given(get: Get) -> Sent:
        get("shop")
        return Sent(body, SHOP)

    return given


def _linked(get: Get) -> Sent:
    get("shop")
    made = get("manager").post("/api/v1/instances/shop/oauth2/links", {}, format="json")
    assert made.status_code == 201, made.content
    return Sent(at=SHOP)


def _consented(get: Get) -> Sent:
    get("shop")
    started = get("manager").post("/api/v1/instances/shop/oauth2/start", CLIENT, format="json")
    return Sent(get("consent").consent(started.json()["authorization_url"]), SHOP)


def _hooked(_: Get) -> Sent:
    webhooks.hooked()
    return Sent({}, {"ref": "hooked"})


def _hook_secret(_: Get) -> Sent:
    return Sent(at={"ref": "hooked", "secret_id": str(webhooks.stored_secret().pk)})


def _received(_: Get) -> Sent:
    return Sent(at={"webhook_id": str(webhooks.received().pk)})


def _parked(_: Get) -> Sent:
    return Sent(at={"message_id": str(webhooks.parked().pk)})


V1 = "/api/v1"
AUDITED: dict[str, Write] = {
    f"POST {V1}/transforms": Write("transform.created", _sends(transforms.DOCUMENT)),
    f"PUT {V1}/transforms/{{ref}}": Write(
        "transform.changed",
        lambda _: Sent(transforms.CHANGED, {"ref": transforms.draft().ref}),
    ),
    f"DELETE {V1}/transforms/{{ref}}": Write(
        "transform.deleted", lambda _: Sent(at={"ref": transforms.draft().ref})
    ),
    f"POST {V1}/transforms/{{ref}}/publish": Write(
        "transform.published", lambda _: Sent(at={"ref": transforms.draft().ref})
    ),
    f"POST {V1}/transforms/{{ref}}/archive": Write(
        "transform.archived", lambda _: Sent(at={"ref": transforms.published().ref})
    ),
    f"POST {V1}/definitions": Write("definition.created", _sends(FRESH)),
    f"POST {V1}/definitions/import/openapi": Write(
        "definition.created", _sends({"slug": "pets", "document": OPENAPI})
    ),
    f"POST {V1}/definitions/import/postman": Write(
        "definition.created", _sends({"slug": "pets", "document": POSTMAN})
    ),
    f"PUT {V1}/definitions/{{ref}}": Write(
        "definition.changed", _definition(publish=False, body={**FRESH, "name": "Fresher"})
    ),
    f"PATCH {V1}/definitions/{{ref}}": Write(
        "definition.changed", _definition(publish=False, body={"name": "Fresher"})
    ),
    f"DELETE {V1}/definitions/{{ref}}": Write("definition.deleted", _definition(publish=False)),
    f"POST {V1}/definitions/{{ref}}/publish": Write(
        "definition.published", _definition(publish=False)
    ),
    f"POST {V1}/definitions/{{ref}}/deprecate": Write(
        "definition.deprecated", _definition(publish=True)
    ),
    f"POST {V1}/definitions/{{ref}}/archive": Write(
        "definition.archived", _definition(publish=True)
    ),
    f"POST {V1}/adapters/{{type}}/enable": Write("adapter.enabled", _adapter),
    f"POST {V1}/adapters/{{type}}/disable": Write("adapter.disabled", _adapter),
    f"POST {V1}/event-sinks": Write("event_sink.created", _sends(SINK)),
    f"PUT {V1}/event-sinks/{{sink_id}}": Write(
        "event_sink.updated", _sink({**SINK, "name": "other"})
    ),
    f"PATCH {V1}/event-sinks/{{sink_id}}": Write("event_sink.updated", _sink({"enabled": False})),
    f"DELETE {V1}/event-sinks/{{sink_id}}": Write("event_sink.deleted", _sink()),
    f"POST {V1}/event-sinks/{{sink_id}}/test": Write("event_sink.tested", _sink()),
    f"POST {V1}/event-sinks/{{sink_id}}/rotate-secret": Write(
        "event_sink.secret_rotated", _sink(None, WEBHOOK)
    ),
    f"POST {V1}/event-sinks/{{sink_id}}/redeliver": Write(
        "event_sink.redelivered", _sink({"since": "2026-01-01T00:00:00Z"})
    ),
    f"POST {V1}/event-sinks/{{sink_id}}/deliveries/{{delivery_id}}/redeliver": Write(
        "event_sink.redelivered", _delivery
    ),
    f"POST {V1}/events/{{event_id}}/redeliver": Write("event.redelivered", _event),
    f"POST {V1}/executions/replay": Write("execution.replayed", _ended),
    f"POST {V1}/executions/{{execution_id}}/cancel": Write("execution.cancelled", _waiting),
    f"POST {V1}/executions/{{execution_id}}/resolve": Write("execution.resolved", _unknown),
    f"POST {V1}/health/silences": Write("health_silence.created", _acme(QUIET)),
    f"DELETE {V1}/health/silences/{{silence_id}}": Write("health_silence.ended", _quiet),
    f"POST {V1}/instances": Write("instance.created", _second),
    f"PUT {V1}/instances/{{ref}}": Write("instance.changed", _whole_instance),
    f"PATCH {V1}/instances/{{ref}}": Write("instance.changed", _acme({"name": "Another name"})),
    f"DELETE {V1}/instances/{{ref}}": Write("instance.deleted", _acme()),
    f"POST {V1}/instances/{{ref}}/enable": Write("instance.enabled", _disabled),
    f"POST {V1}/instances/{{ref}}/disable": Write("instance.disabled", _acme()),
    f"POST {V1}/instances/{{ref}}/upgrade": Write("instance.upgraded", _newer),
    f"POST {V1}/instances/{{ref}}/rollback": Write("instance.rolled_back", _upgraded),
    f"POST {V1}/definitions/{{ref}}/move-instances": Write("instance.upgraded", _newer_for_all),
    f"POST {V1}/definitions/{{ref}}/roll-back-instances": Write(
        "instance.rolled_back", _upgraded_for_all
    ),
    f"POST {V1}/instances/{{ref}}/circuits": Write(
        "instance.circuits_forced_open", _acme({"state": "forced_open"})
    ),
    f"POST {V1}/instances/{{ref}}/circuits/reset": Write("instance.circuits_reset", _tripped),
    f"PUT {V1}/instances/{{ref}}/credentials": Write(
        "credential.replaced", _acme({"type": "bearer", "data": NEW})
    ),
    f"DELETE {V1}/instances/{{ref}}/credentials": Write("credential.deleted", _acme()),
    f"POST {V1}/instances/{{ref}}/credentials/rotate": Write(
        "credential.rotated", _acme({"data": NEW})
    ),
    f"POST {V1}/instances/{{ref}}/credentials/test": Write("credential.test_started", _testable),
    f"POST {V1}/instances/{{ref}}/credentials/refresh": Write("credential.refreshed", _renewable),
    f"POST {V1}/instances/{{ref}}/oauth2/start": Write("credential.connect_started", _shop(CLIENT)),
    f"POST {V1}/instances/{{ref}}/oauth2/callback": Write(
        # A state is good for one answer, whatever becomes of it.
        "credential.created",
        _consented,
        keeps=("credentials_oauthflow",),
    ),
    f"POST {V1}/instances/{{ref}}/oauth2/links": Write("credential.link_created", _shop({})),
    f"DELETE {V1}/instances/{{ref}}/oauth2/links": Write("credential.links_revoked", _linked),
    f"POST {V1}/instances/{{ref}}/webhook-secrets": Write("webhook_secret.added", _hooked),
    f"DELETE {V1}/instances/{{ref}}/webhook-secrets/{{secret_id}}": Write(
        "webhook_secret.removed", _hook_secret
    ),
    f"POST {V1}/webhooks/{{webhook_id}}/process": Write("webhook.processed", _received),
    f"POST {V1}/webhooks/{{webhook_id}}/discard": Write(
        "webhook.discarded", lambda _: Sent(at={"webhook_id": str(webhooks.failed().pk)})
    ),
    f"POST {V1}/parked-messages/{{message_id}}/process": Write("parked_message.processed", _parked),
    f"POST {V1}/parked-messages/{{message_id}}/discard": Write("parked_message.discarded", _parked),
}

_CALL = "a call is proven by its execution row, written before the secret is used"
_TRIED = "changes nothing that is kept; the call it makes is in the execution log"
NOT_AUDITED: dict[str, str] = {
    f"POST {V1}/convert": "changes nothing: a document in, a document out",
    f"POST {V1}/schemas/compare": "changes nothing: two schemas, what differs",
    f"POST {V1}/schemas/infer": "changes nothing: samples in, a schema out",
    f"POST {V1}/transforms/preview": "changes nothing: a transform is tried on a sample",
    f"POST {V1}/transforms/{{ref}}/test": "changes nothing: its examples are run",
    f"POST {V1}/execute": _CALL,
    f"POST {V1}/executions/batch": _CALL,
    f"POST {V1}/executions/{{execution_id}}/replay": _CALL + "; it names its origin",
    f"POST {V1}/instances/{{ref}}/methods/{{name}}/execute": _CALL,
    f"POST {V1}/instances/{{ref}}/test": _TRIED,
    f"POST {V1}/hooks/{{instance}}": "a webhook is its own row; one that is refused is counted",
}
