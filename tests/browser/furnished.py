"""A row of every kind, so that each page of the admin has something to show."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from integration_hub.lib.standard_webhooks import new_secret
from tests.browser.hub import BrowserHub
from tests.faults.rig import wait_for

_NONE = [{"id": "none", "type": "none"}]
SIGNED: dict[str, Any] = {
    "slug": "signed",
    "name": "Signed webhooks, results that drift",
    "version": "1.0.0",
    "type": "http",
    "auth": _NONE,
    "config_schema": {"type": "object", "properties": {"base_url": {"type": "string"}}},
    "webhook": {"verify": "standard_webhooks", "event_type": "body.text"},
    "methods": {
        "read": {
            "http": {"method": "GET", "path": "/ok"},
            "result_schema": {"type": "object", "required": ["never"]},
        }
    },
}
CONSENTED: dict[str, Any] = {
    "slug": "consented",
    "name": "Connected by a person",
    "version": "1.0.0",
    "type": "http",
    "auth": [
        {
            "type": "oauth2",
            "grant": "authorization_code",
            "authorization_url": "https://accounts.example/authorize",
            "token_url": "https://accounts.example/token",
            "scopes": ["contacts.read"],
        }
    ],
    "config_schema": SIGNED["config_schema"],
    "methods": {"me": {"http": {"method": "GET", "path": "/ok"}}},
}
DRAFT = {**SIGNED, "slug": "drafted", "name": "A draft"}
TRANSFORM = {
    "slug": "furnished",
    "version": "1.0.0",
    "spec": {"rules": [{"source": "email", "target": "mail", "transforms": ["trim"]}]},
    "examples": [{"input": {"email": " a@b.example"}, "output": {"mail": "a@b.example"}}],
}
_PARK = """
from executor.inbound.tasking import park
from integration_hub.access.caller import Caller
from integration_hub.lib.errors import ValidationFailed
error = ValidationFailed("It has no id.")
park(b"{}", None, error, caller=Caller.command("tests"), broker="redis", queue="tasks")
"""
_GROUP = """
from django.contrib.auth.models import Group
Group.objects.get_or_create(name="Operators")
"""


_DRIFT = """
from executor.models import ResultDrift
print(ResultDrift.objects.values_list("pk", flat=True)[0])
"""


def furnish(hub: BrowserHub) -> dict[str, str]:
    """Ids of what no list leads to; those of new instances are in `hub.ids`."""
    for definition in (SIGNED, CONSENTED):
        hub.ids[definition["slug"]] = hub.connect(definition, definition["name"])
    hub.must("POST", "/definitions", DRAFT, 201)
    hub.must("POST", "/instances/signed/webhook-secrets", {}, 201)
    hub.must("POST", "/transforms", TRANSFORM, 201)
    hub.must("POST", "/adapters/mcp/disable", {"reason": "Not used here"}, 200)
    until = datetime.now(UTC) + timedelta(hours=1)
    silence = {"kind": "silence", "instance": "signed", "ends_at": until.isoformat()}
    hub.must("POST", "/health/silences", silence, 201)
    hub.manage("shell", "-c", _PARK + _GROUP)
    _sink_that_fails(hub)
    _drift(hub)
    return {"drift": hub.manage("shell", "-c", _DRIFT).split()[-1]}


def connect_link(hub: BrowserHub) -> str:
    """A page for somebody without an account."""
    credential = {"type": "oauth2", "data": {"client_id": "hub", "client_secret": "a-secret-77"}}
    hub.call("PUT", "/api/v1/instances/consented/credentials", credential)
    return str(hub.must("POST", "/instances/consented/oauth2/links", {}, 201)["url"])


def _drift(hub: BrowserHub) -> None:
    changes = {"overrides": {"result_schema": "drift"}, "labels": {"status_page": "Orders"}}
    hub.must("PATCH", "/instances/signed", changes, 200)
    hub.run("signed", "read", {})
    read = "/instances/signed/drift"
    wait_for("a drift that is written", lambda: hub.must("GET", read, None, 200)["results"])


def _sink_that_fails(hub: BrowserHub) -> None:
    url = f"http://127.0.0.1:{hub._upstream_port}/status/503"
    config = {"url": url, "secret": new_secret()}
    sink = {"name": "Broken receiver", "type": "webhook", "config": config}
    key = hub.must("POST", "/event-sinks", sink, 201)["id"]
    hub.run("orders", "ping", {})
    log = f"/event-sinks/{key}/deliveries"

    def tried() -> bool:
        return '"attempts": 0' not in json.dumps(hub.must("GET", log, None, 200)["results"][:1])

    wait_for("a delivery that failed", tried)
