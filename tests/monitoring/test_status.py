"""What the public sees, and what it never does."""

from __future__ import annotations

from datetime import timedelta

import pytest

from executor.health import silences
from integration_hub.access.caller import Caller
from integration_hub.lib import clock
from integration_hub.monitoring.status_view import kept
from registry import services as registry
from registry.models import Instance
from tests.executor.delivery.conftest import definition_document

pytestmark = pytest.mark.django_db


@pytest.fixture
def shown(settings):
    settings.HUB_STATUS_PAGE = True
    kept.body = None
    url = "http://secret-host.example"
    registry.create_definition(document=definition_document(url), actor="tests", publish=True)
    for slug, name in (("pay-internal", "Payments <b>"), ("crm-internal", None)):
        row = registry.create_instance(
            definition="target",
            slug=slug,
            name=slug,
            config={},
            labels={"status_page": name} if name else {"team": "crm"},
            actor="tests",
        )
    Instance.objects.update(health="unhealthy", health_reason="secret-host refused")
    return row


def test_it_is_off_unless_switched_on(client, settings):
    assert client.get("/status").status_code == 404
    assert client.get("/status.json").status_code == 404


def test_only_named_instances_are_shown_and_nothing_of_them_but_their_state(client, shown):
    answer = client.get("/status.json")
    assert answer.json() == {
        "status": "unhealthy",
        "integrations": [
            {"name": "Payments <b>", "state": "unhealthy", "since": None, "uptime_90d": None}
        ],
    }
    page = client.get("/status").content.decode()
    assert "Payments &lt;b&gt;" in page
    for text in (page, answer.content.decode()):
        assert "internal" not in text
        assert "secret-host" not in text


def test_many_who_ask_cost_one_look(client, shown, django_assert_num_queries):
    client.get("/status.json")
    with django_assert_num_queries(0):
        client.get("/status.json")


def test_maintenance_is_told_as_such(client, shown):
    silences.create_silence(
        caller=Caller.command("tests"),
        kind="maintenance",
        ends_at=clock.now() + timedelta(hours=1),
    )
    assert client.get("/status.json").json()["status"] == "maintenance"


def test_the_doctor_is_a_page_for_superusers_alone(client, alice, bob):
    client.force_login(bob)
    assert client.get("/admin/doctor/").status_code == 403
    client.force_login(alice)
    page = client.get("/admin/doctor/").content.decode()
    assert "runworker" in page  # none runs here, and it says what to do
    assert "Python" in page
