"""Every time that leaves the hub is UTC and ends in Z (RFC 3339)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest

from credentials import services as credentials
from integration_hub.access.caller import ALL_SCOPES, Caller
from integration_hub.events.relay import relay_once
from integration_hub.lib import clock, jsonsafe
from registry import services as registry

pytestmark = pytest.mark.django_db
TIME = re.compile(r'"(\d{4}-\d\d-\d\dT[^"]*)"')
LISTS = ("/definitions", "/instances", "/executions", "/events", "/event-sinks", "/audit")
DOCUMENT = {
    "slug": "acme",
    "name": "Acme",
    "version": "1.0.0",
    "type": "http",
    "auth": [{"id": "key", "type": "bearer"}],
    "methods": {"ping": {"http": {"method": "GET", "path": "/ok"}}},
}


@pytest.fixture
def client(api, upstream):
    registry.create_definition(document=DOCUMENT, actor="tests", publish=True)
    instance = registry.create_instance(
        definition="acme@1.0.0", slug="acme", actor="tests", config={"base_url": upstream.url}
    )
    credentials.put_credential(
        instance=instance,
        type="bearer",
        data={"token": "a-token-of-some-length"},
        caller=Caller.command("tests"),
        expires_at=clock.now() + timedelta(days=30),
    )
    return api(*sorted(ALL_SCOPES))


def test_every_answer_writes_its_times_alike(client):
    address = "/api/v1/instances/acme/methods/ping/execute"
    made = client.post(address, {"mode": "sync"}, format="json").json()["execution_id"]
    relay_once()
    own = [f"/executions/{made}", "/instances/acme", "/instances/acme/credentials"]
    for path in (*LISTS, *own):
        text = client.get(f"/api/v1{path}").content.decode()
        times = TIME.findall(text)
        assert times, path
        assert all(re.fullmatch(r"[\d-]{10}T[\d:.]{8,15}Z", time) for time in times), (path, times)


def test_what_was_read_of_a_sink_can_be_sent_back(client):
    (sink,) = client.get("/api/v1/event-sinks").json()["results"]
    body = {name: sink[name] for name in ("created_at", "updated_at", "name")}
    again = client.patch(f"/api/v1/event-sinks/{sink['id']}", body, format="json")
    assert again.status_code == 200, again.content


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=2))])
def test_both_writers_of_json_agree(zone):
    moment = datetime(2026, 5, 6, 7, 8, 9, 120_000, zone)
    small, large = jsonsafe.dumps_text([moment]), jsonsafe.dumps_text([moment, 1 << 80])
    assert small[1:-1] == large[1:-1].split(",")[0]
    if zone is UTC:
        assert small == '["2026-05-06T07:08:09.120000Z"]'
