"""The mail sink: one message for the events of a while, tried again as a whole."""

from __future__ import annotations

from datetime import timedelta

import pytest

from integration_hub.coordination import dbtime
from integration_hub.events import relay, services
from integration_hub.events.choices import EventType
from integration_hub.events.models import Delivery, EventSink
from integration_hub.events.sink_services import create_sink
from tests.mail_server import PASSWORD, USER, MailServer

pytestmark = pytest.mark.django_db


@pytest.fixture
def server():
    with MailServer() as found:
        yield found


def sink_at(server: MailServer, **config) -> EventSink:
    EventSink.objects.all().delete()
    place = {"host": "127.0.0.1", "port": server.port, "tls": "off"}
    login = {"username": USER, "password": PASSWORD}
    mail = {"from": "hub@acme.example", "to": ["ops@acme.example", "dev@acme.example"]}
    document = {"name": "mail", "type": "email", "config": place | login | mail | config}
    return create_sink(document=document, actor="tests")


def emit(count: int) -> list[str]:
    made = [
        services.emit(
            type=EventType.INSTANCE_STATUS, subject=f"s{n % 3}", data={"state": "connected"}
        )
        for n in range(count)
    ]
    return [str(event.pk) for event in made]


def drain() -> None:
    while relay.relay_once():
        pass


def due_now() -> None:
    past = dbtime.now() - timedelta(seconds=1)
    Delivery.objects.filter(status="pending").update(due_at=past, lease_until=None)


def test_events_wait_for_each_other_and_go_in_one_mail(server):
    EventSink.objects.update(proven_at=dbtime.now())
    sink = sink_at(server, digest_seconds=600)
    EventSink.objects.filter(pk=sink.pk).update(proven_at=dbtime.now())
    ids = emit(12)
    drain()
    assert server.taken == []
    due_now()
    drain()
    (mail,) = server.taken
    assert mail.recipients == ["ops@acme.example", "dev@acme.example"]
    assert mail.message["Subject"] == "12 events of the hub"
    text = mail.message.get_content()
    assert all(key in text for key in ids)
    assert set(Delivery.objects.values_list("status", flat=True)) == {"delivered"}


def test_a_mail_that_is_refused_is_tried_again_with_the_same_id(server):
    sink = sink_at(server, digest_seconds=0)
    EventSink.objects.filter(pk=sink.pk).update(proven_at=dbtime.now())
    server.says["hub@acme.example"] = "451 not now"
    emit(3)
    drain()
    assert server.taken == []
    assert "451" in Delivery.objects.earliest("position").last_error
    del server.says["hub@acme.example"]
    due_now()
    drain()
    (mail,) = server.taken
    assert str(Delivery.objects.earliest("position").event_id) in mail.message["Message-ID"]
    assert PASSWORD not in sink.config
