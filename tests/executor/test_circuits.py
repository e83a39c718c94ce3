"""Circuits of an instance and of its host, as callers and operators meet them."""

from __future__ import annotations

import socket

import pytest
from django.urls import reverse

from executor.models import CircuitChange
from integration_hub.audit.models import AuditEntry
from integration_hub.events.models import Event
from integration_hub.lib import jsonsafe
from integration_hub.lib.resilience.options import HOST_CIRCUIT
from registry import services as registry
from tests.executor.conftest import DOCUMENT

CIRCUITS = "/api/v1/instances/acme/circuits"


def run(client, method="ping", instance="acme"):
    return client.post(f"/api/v1/instances/{instance}/methods/{method}/execute", {}, format="json")


def events_of(kind):
    return [jsonsafe.loads(row.data) for row in Event.objects.filter(type=kind).order_by("id")]


@pytest.fixture
def client(api, acme):
    return api("execute", "manage")


def test_a_circuit_that_opened_says_when_and_why(client):
    for _ in range(2):
        run(client, "breaks")
    answer = client.get(CIRCUITS).json()
    (found,) = answer["results"]
    assert found["state"] == "open"
    assert "50%" in found["reason"]
    assert found["since"] == answer["history"][0]["at"]
    assert answer["history"][0]["change"] == "opened"
    assert answer["history"][0]["by"] is None
    (event,) = events_of("integration.circuit.opened")
    assert (event["method"], event["reason"]) == ("breaks", found["reason"])


def test_an_open_circuit_of_one_method_leaves_the_others_alone(client):
    for _ in range(3):
        last = run(client, "breaks")
    assert (last.status_code, last.json()["code"]) == (503, "CIRCUIT_OPEN")
    assert int(last["Retry-After"]) > 0
    assert run(client, "ping").status_code == 200


@pytest.mark.parametrize(("state", "status"), [("forced_open", 503), ("disabled", 502)])
def test_an_operator_sets_one_method_and_resets_it(client, state, status):
    body = {"scope": "breaks", "state": state, "reason": "maintenance"}
    assert client.post(CIRCUITS, body, format="json").json()["results"] == [
        {"scope": "breaks", "state": state, "retry_after": 0}
    ]
    for _ in range(4):
        assert run(client, "breaks").status_code == status
    (found,) = client.get(CIRCUITS).json()["results"]
    assert (found["state"], found["reason"]) == (state, "maintenance")
    assert found["by"]
    client.post(f"{CIRCUITS}/reset")
    assert run(client, "breaks").status_code == 502
    assert [row.change for row in CircuitChange.objects.order_by("id")] == [state, "reset"]
    assert AuditEntry.objects.filter(action=f"instance.circuits_{state}").exists()


def test_without_a_scope_every_method_is_set_and_the_outside_hears_of_it(client):
    client.post(CIRCUITS, {"state": "forced_open"}, format="json")
    assert run(client, "ping").json()["code"] == "CIRCUIT_OPEN"
    assert len(events_of("integration.circuit.opened")) == len(DOCUMENT["methods"])
    client.post(CIRCUITS, {"scope": "ping", "state": "closed"}, format="json")
    assert run(client, "ping").status_code == 200
    assert [event["method"] for event in events_of("integration.circuit.closed")] == ["ping"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"state": "open"},
        {"state": "disabled", "scope": "nothing"},
        {"state": "disabled", "more": 1},
    ],
)
def test_what_cannot_be_set_is_refused(client, body):
    assert client.post(CIRCUITS, body, format="json").status_code == 400
    assert CircuitChange.objects.count() == 0


def test_reading_is_not_setting(api, acme):
    answer = api("read").post(CIRCUITS, {"state": "forced_open"}, format="json")
    assert answer.status_code == 403


def test_the_circuit_of_a_host_is_shared_by_the_instances_that_talk_to_it(client, acme, upstream):
    registry.create_definition(
        document={
            "slug": "other",
            "name": "Other",
            "version": "1.0.0",
            "type": "http",
            "config_schema": DOCUMENT["config_schema"],
            "methods": {"ping": {"http": {"method": "GET", "path": "/ok"}}},
        },
        actor="tests",
        publish=True,
    )
    registry.create_instance(
        definition="other@1.0.0", slug="other", actor="tests", config={"base_url": upstream.url}
    )
    client.post(CIRCUITS, {"scope": "host", "state": "forced_open"}, format="json")
    refused = run(client, "ping", "other").json()
    assert refused["code"] == "CIRCUIT_OPEN"
    found = client.get("/api/v1/instances/other/circuits").json()["host"]
    assert (found["state"], found["address"]) == ("forced_open", upstream.url.split("//")[1])
    client.post(CIRCUITS, {"scope": "host", "state": "closed"}, format="json")
    assert run(client, "ping", "other").status_code == 200


def test_a_token_for_one_instance_may_not_set_the_circuit_of_a_host(api, acme):
    limited = api("manage", instances=["acme"])
    answer = limited.post(CIRCUITS, {"scope": "host", "state": "forced_open"}, format="json")
    assert answer.status_code == 403


@pytest.fixture
def deaf():
    """A port of loopback that refuses connections: taken, but nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{taken.getsockname()[1]}"


def test_a_host_that_takes_no_connection_opens_its_own_circuit(client, acme, deaf):
    registry.update_instance(
        instance=acme, changes={"config": {"base_url": f"http://{deaf}"}}, actor="tests"
    )
    client.post(CIRCUITS, {"state": "disabled"}, format="json")
    for _ in range(HOST_CIRCUIT.window):
        assert run(client).json()["code"] == "CONNECTION_ERROR"
    refused = run(client)
    assert refused.json()["code"] == "CIRCUIT_OPEN"
    assert deaf in refused.json()["detail"]
    host = client.get(CIRCUITS).json()["host"]
    assert host["state"] == "open"
    assert "no connection" in host["reason"]


def test_the_admin_shows_and_sets_circuits(acme, client, admin_client):
    page = reverse("admin:executor_execution_circuits", args=[acme.pk])
    for _ in range(2):
        run(client, "breaks")
    shown = admin_client.get(page).content.decode()
    assert "breaks" in shown
    assert "Force open" in shown
    given = {"scope": "ping", "state": "forced_open", "reason": "by hand"}
    assert admin_client.post(page, given).status_code == 302
    assert run(client, "ping").json()["code"] == "CIRCUIT_OPEN"
    assert "by hand" in admin_client.get(page).content.decode()
    linked = admin_client.get(reverse("admin:registry_instance_change", args=[acme.pk]))
    assert page in linked.content.decode()
