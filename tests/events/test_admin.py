"""Events and sinks in the admin."""

from __future__ import annotations

import pytest
from django.urls import reverse

from integration_hub.events import relay, services
from integration_hub.events.choices import EventType
from integration_hub.events.models import Delivery

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client, alice):
    client.force_login(alice)
    return client


def emit():
    return services.emit(
        type=EventType.INSTANCE_STATUS, subject="acme", data={"state": "connected"}
    )


def test_events_are_read_and_never_written(browser):
    row = emit()
    relay.relay_once()
    assert b"acme" in browser.get(reverse("admin:events_event_changelist")).content
    assert browser.get(reverse("admin:events_event_changelist"), {"q": "acme"}).status_code == 200
    page = browser.get(reverse("admin:events_event_change", args=[row.pk]))
    assert b"delivered" in page.content.lower()
    assert browser.get(reverse("admin:events_event_add")).status_code == 403
    assert browser.post(reverse("admin:events_event_delete", args=[row.pk])).status_code == 403


def test_selected_events_are_delivered_again(browser):
    row = emit()
    relay.relay_once()
    browser.post(
        reverse("admin:events_event_changelist"),
        {"action": "redeliver", "_selected_action": [row.pk]},
    )
    assert Delivery.objects.get().status == "pending"


def test_more_events_than_one_action_takes_are_told_of(browser, monkeypatch):
    monkeypatch.setattr("integration_hub.events.admin.AT_ONCE", 1)
    older, newer = emit(), emit()
    relay.relay_once()
    answer = browser.post(
        reverse("admin:events_event_changelist"),
        {"action": "redeliver", "_selected_action": [older.pk, newer.pk], "select_across": "1"},
        follow=True,
    )
    assert b"Only the newest 1 " in answer.content
    status = dict(Delivery.objects.values_list("event_id", "status"))
    assert status == {older.pk: "delivered", newer.pk: "pending"}


def test_an_operator_without_rights_sees_nothing(client, bob):
    client.force_login(bob)
    assert client.get(reverse("admin:events_event_changelist")).status_code == 403
    assert client.get(reverse("admin:events_eventsink_changelist")).status_code == 403


def test_a_sick_sink_has_a_banner_a_test_and_a_log(browser, webhook, receiver):
    sink = webhook()
    receiver.says["/hook"] = 410
    services.emit(type=EventType.CONNECTED, subject="acme", data={"instance_id": "1"})
    relay.relay_once()
    page = browser.get(reverse("admin:events_eventsink_changelist")).content.decode()
    assert "The hub switched webhook /hook off." in page
    chosen = {"action": "send_test_event", "_selected_action": [sink.pk]}
    done = browser.post(reverse("admin:events_eventsink_changelist"), chosen, follow=True)
    assert "answered 410" in done.content.decode()
    log = browser.get(reverse("admin:events_delivery_changelist") + f"?sink__id__exact={sink.pk}")
    delivery = Delivery.objects.get(sink=sink)
    assert str(delivery.pk) in log.content.decode()
    shown = browser.get(reverse("admin:events_delivery_change", args=[delivery.pk]))
    assert "answered 410" in shown.content.decode()
    again = {"action": "redeliver_failed", "_selected_action": [sink.pk]}
    done = browser.post(reverse("admin:events_eventsink_changelist"), again, follow=True)
    assert "planned again: 1" in done.content.decode()
