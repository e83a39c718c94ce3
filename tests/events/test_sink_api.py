"""What a sink was told, over REST: its log, a test, a rotation, once more."""

from __future__ import annotations

import pytest
from standardwebhooks import Webhook

from integration_hub.events import relay, services
from integration_hub.events.choices import EventType
from integration_hub.events.models import Delivery, EventSink
from registry.models import Instance

SINKS = "/api/v1/event-sinks"
pytestmark = pytest.mark.django_db


def emit(subject="acme"):
    return services.emit(
        type=EventType.INSTANCE_STATUS, subject=subject, data={"state": "connected"}
    )


def drain():
    while relay.relay_once():
        pass


def read(answer, status=200):
    assert answer.status_code == status, answer.content
    return answer.json()


def test_the_log_of_a_sink_has_each_attempt(api, webhook, receiver):
    sink = webhook()
    receiver.says["/hook"] = (500, {}, b"broken")
    row = emit()
    drain()
    client = api("read")
    (line,) = read(client.get(f"{SINKS}/{sink.pk}/deliveries"))["results"]
    assert (line["event"]["id"], line["status"], line["attempts"]) == (str(row.pk), "pending", 1)
    (failure,) = line["failures"]
    assert (failure["status_code"], failure["answer"]) == (500, "broken")
    assert read(client.get(f"{SINKS}/{sink.pk}/deliveries/{line['id']}")) == line
    found = read(client.get(f"{SINKS}/{sink.pk}/deliveries?status=dead&event={row.pk}"))
    assert found["results"] == []
    state = read(client.get(f"{SINKS}/{sink.pk}"))["state"]
    assert state["failing_since"]
    assert "500" in state["last_error"]


def test_one_delivery_goes_out_again(api, webhook, receiver):
    sink = webhook()
    row = emit()
    drain()
    delivery = Delivery.objects.get()
    address = f"{SINKS}/{sink.pk}/deliveries/{delivery.pk}/redeliver"
    assert read(api("manage").post(address), 202)["status"] == "pending"
    drain()
    assert [hit.headers["webhook-id"] for hit in receiver.hits] == [str(row.pk)] * 2
    assert api("read").post(address).status_code == 403


def test_what_failed_goes_out_again_and_with_all_what_was_missed_too(api, webhook, receiver):
    missed = emit("early")
    drain()
    sink = webhook(filters={"types": ["integration.instance.*"]})
    receiver.says["/hook"] = lambda hit: 500 if b'"bad"' in hit.body else 200
    failed, fine = emit("bad"), emit("good")
    drain()
    Delivery.objects.filter(event=failed).update(status="dead")
    receiver.says["/hook"] = 200
    client, address = api("manage"), f"{SINKS}/{sink.pk}/redeliver"
    receiver.hits.clear()
    body = {"since": "2026-01-01T00:00:00Z", "types": ["integration.*"]}
    assert read(client.post(address, body, format="json"), 202) == {"deliveries": 1, "more": False}
    drain()
    assert {hit.headers["webhook-id"] for hit in receiver.hits} == {str(failed.pk)}
    receiver.hits.clear()
    body |= {"all": True, "subjects": ["early", "g*"]}
    assert read(client.post(address, body, format="json"), 202)["deliveries"] == 2
    drain()
    told = {hit.headers["webhook-id"] for hit in receiver.hits}
    assert told == {str(missed.pk), str(fine.pk)}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/since"),
        ({"since": "yesterday"}, "/since"),
        ({"since": 1}, "/since"),
        ({"since": "2026-01-01T00:00:00Z", "types": "x"}, "/types"),
    ],
)
def test_a_body_that_says_nothing_is_refused_at_its_place(api, webhook, body, pointer):
    answer = api("manage").post(f"{SINKS}/{webhook().pk}/redeliver", body, format="json")
    assert [error["pointer"] for error in read(answer, 400)["errors"]] == [pointer]


def test_a_test_event_and_a_new_secret_over_rest(api, webhook, receiver):
    sink, client = webhook(), api("manage")
    done = read(client.post(f"{SINKS}/{sink.pk}/test"))
    assert (done["ok"], done["status_code"]) == (True, 200)
    fresh = read(client.post(f"{SINKS}/{sink.pk}/rotate-secret", {}, format="json"))
    assert fresh["previous_secret_until"]
    emit()
    drain()
    hit = receiver.hits[-1]
    Webhook(fresh["secret"]).verify(hit.body, hit.headers)
    assert len(hit.headers["webhook-signature"].split(" ")) == 2
    log = EventSink.objects.create(name="log", type="log")
    assert client.post(f"{SINKS}/{log.pk}/rotate-secret").status_code == 409


def test_sinks_of_others_are_not_there(api, db):
    hidden = EventSink.objects.create(name="callback x", type="webhook", owner="token:1")
    client = api("manage")
    for address in ("", "/deliveries"):
        assert client.get(f"{SINKS}/{hidden.pk}{address}").status_code == 404
    for address in ("/test", "/rotate-secret", "/redeliver"):
        body = {"since": "2026-01-01T00:00:00Z"} if address == "/redeliver" else None
        assert client.post(f"{SINKS}/{hidden.pk}{address}", body, format="json").status_code == 404
    assert client.delete(f"{SINKS}/{hidden.pk}").status_code == 404


def test_filters_by_label_ask_for_the_labels_of_the_instance(webhook, receiver, instances):

    Instance.objects.filter(slug="for-all").update(labels='{"team":"crm"}')
    webhook(filters={"labels": {"team": "c*"}})
    wanted = emit("for-all")
    emit("of-seven")
    emit("unknown")
    drain()
    assert [hit.headers["webhook-id"] for hit in receiver.hits] == [str(wanted.pk)]
