"""An instance that takes webhooks, one that came in, and a secret."""

from __future__ import annotations

import json

from django.test import Client

from executor.inbound import secrets, tasking
from executor.inbound.models import HookSecret, ParkedMessage, ReceivedHook
from registry import services as registry
from registry.models import Instance
from tests.executor.inbound.signing import SECRET, github

DOCUMENT = {
    "slug": "hooked",
    "name": "Hooked",
    "version": "1.0.0",
    "type": "http",
    "default_config": {"base_url": "https://api.hooked.example"},
    "webhook": {"verify": "github"},
    "methods": {"ping": {"http": {"method": "GET", "path": "/status"}}},
}


def hooked() -> Instance:
    registry.create_definition(document=DOCUMENT, actor="tests", publish=True)
    return registry.create_instance(definition="hooked", slug="hooked", actor="tests")


def stored_secret() -> HookSecret:
    return secrets.add_secret(instance=hooked(), actor="tests", secret=SECRET)[0]


def received() -> ReceivedHook:
    stored_secret()
    sent = github({"a": 1})
    answer = Client().generic(
        "POST", "/api/v1/hooks/hooked", sent.body, sent.type, headers=sent.headers
    )
    assert answer.status_code == 200, answer.content
    return ReceivedHook.objects.get()


def failed() -> ReceivedHook:
    row = received()
    ReceivedHook.objects.update(status="failed", error="TRANSFORM_ERROR: no JSON")
    row.refresh_from_db()
    return row


def parked() -> ParkedMessage:
    """A task for an instance that was not there yet, and is now."""
    task = {
        "specversion": "1.0",
        "id": "t-1",
        "source": "/tests",
        "type": tasking.TASK,
        "data": {"instance": "hooked", "method": "ping"},
    }
    caller = tasking.caller_of((), ())
    taken = tasking.take(json.dumps(task).encode(), caller=caller, broker="amqp", queue="tasks")
    assert taken.parked == "INSTANCE_NOT_FOUND"
    hooked()
    return ParkedMessage.objects.get()
