"""`/events` and `/event-sinks` over REST."""

from __future__ import annotations

import json

import pytest

from integration_hub.audit.models import AuditEntry
from integration_hub.events import relay, services
from integration_hub.events.choices import EventType
from integration_hub.events.models import Delivery, EventSink

EVENTS, SINKS = "/api/v1/events", "/api/v1/event-sinks"
LOG = {"name": "calls", "type": "log", "config": {}, "filters": {"types": ["integration.method.*"]}}

pytestmark = pytest.mark.django_db


def emit(subject="acme", kind=EventType.INSTANCE_STATUS, **data):
    return services.emit(type=kind, subject=subject, data={"state": "connected", **data})


def read(answer, status=200):
    assert answer.status_code == status, answer.content
    return json.loads(answer.content) if answer.content else None


def create(client, status=201, **members):
    return read(client.post(SINKS, {**LOG, **members}, format="json"), status)


def test_events_are_listed_newest_first_with_their_deliveries(api):
    first, second = emit("a"), emit("b")
    relay.relay_once()
    body = read(api("read").get(EVENTS))
    assert [e["id"] for e in body["results"]] == [str(second.pk), str(first.pk)]
    event = body["results"][0]
    assert event["specversion"] == "1.0"
    assert [(d["sink"], d["status"]) for d in event["deliveries"]] == [("log", "delivered")]


def test_events_are_found_by_type_subject_and_time(api):
    emit("a")
    wanted = emit("b")
    services.emit(type=EventType.CONNECTED, subject="b", data={"instance_id": "1"})
    client = api("read")
    query = "?type=integration.instance.status&subject=b&created_after=2026-01-01T00:00:00Z"
    assert [e["id"] for e in read(client.get(EVENTS + query))["results"]] == [str(wanted.pk)]
    assert read(client.get(f"{EVENTS}?created_before=2020-01-01T00:00:00Z"))["results"] == []
    assert client.get(f"{EVENTS}?subjekt=b").status_code == 400


def test_a_page_of_events_costs_the_same_however_many_there_are(api, django_assert_max_num_queries):
    client = api("read")
    for n in range(60):
        emit(f"s{n}")
    relay.relay_once()
    with django_assert_max_num_queries(8):
        body = read(client.get(f"{EVENTS}?page_size=50"))
    assert len(body["results"]) == 50
    assert len(read(client.get(body["next"]))["results"]) == 10


def test_one_event_is_read_and_delivered_again(api):
    row = emit()
    relay.relay_once()
    client = api("manage")
    assert read(client.get(f"{EVENTS}/{row.pk}"))["id"] == str(row.pk)
    assert read(client.post(f"{EVENTS}/{row.pk}/redeliver"), 202) == {"id": str(row.pk), "sinks": 1}
    assert Delivery.objects.get().status == "pending"
    assert AuditEntry.objects.filter(action="event.redelivered").exists()


def test_what_is_not_there_is_404(api):
    missing = "01900000-0000-7000-8000-000000000000"
    client = api("manage")
    for answer in (
        client.get(f"{EVENTS}/{missing}"),
        client.post(f"{EVENTS}/{missing}/redeliver"),
        client.get(f"{SINKS}/{missing}"),
        client.delete(f"{SINKS}/{missing}"),
        client.patch(f"{SINKS}/{missing}", {}, format="json"),
    ):
        assert read(answer, 404)["code"] == "NOT_FOUND"


def test_a_limited_token_sees_only_the_events_of_its_instances(api):
    mine, other = emit("mine"), emit("other")
    client = api("manage", instances=("mine",))
    assert [e["subject"] for e in read(client.get(EVENTS))["results"]] == ["mine"]
    assert client.get(f"{EVENTS}/{mine.pk}").status_code == 200
    assert client.get(f"{EVENTS}/{other.pk}").status_code == 404
    assert client.post(f"{EVENTS}/{other.pk}/redeliver").status_code == 404


def test_a_limited_token_may_not_touch_sinks_that_hear_of_everyone(api):
    for limits in ({"instances": ("mine",)}, {"contexts": ("client:7",)}):
        client = api("manage", **limits)
        assert client.get(SINKS).status_code == 403
        assert client.post(SINKS, LOG, format="json").status_code == 403


def test_a_sink_is_created_read_changed_and_removed(api):
    client = api("manage")
    answer = client.post(SINKS, LOG, format="json")
    made = read(answer, 201)
    address = answer["Location"]
    assert {k: made[k] for k in LOG} == LOG
    assert made["enabled"] is True
    assert read(client.get(address)) == made
    assert read(client.get(SINKS))["count"] == 2
    assert read(client.patch(address, {"enabled": False}, format="json"))["enabled"] is False
    put = read(client.put(address, {"name": "other", "type": "log"}, format="json"))
    assert (put["name"], put["filters"], put["enabled"]) == ("other", {}, True)
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == 404
    actions = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
    assert actions[-4:] == [
        "event_sink.created",
        "event_sink.updated",
        "event_sink.updated",
        "event_sink.deleted",
    ]


def test_a_write_based_on_an_old_reading_is_refused(api):
    client = api("manage")
    answer = client.post(SINKS, LOG, format="json")
    address, etag = answer["Location"], answer["ETag"]
    assert (
        client.patch(address, {"enabled": False}, format="json", HTTP_IF_MATCH=etag).status_code
        == 200
    )
    for stale in (
        client.patch(address, {"name": "x"}, format="json", HTTP_IF_MATCH=etag),
        client.put(address, LOG, format="json", HTTP_IF_MATCH=etag),
        client.delete(address, HTTP_IF_MATCH=etag),
    ):
        assert read(stale, 412)["code"] == "PRECONDITION_FAILED"
    assert EventSink.objects.get(name="calls").enabled is False


def test_what_was_read_may_be_sent_back_and_what_is_read_only_may_not_change(api):
    client = api("manage")
    made = create(client)
    address = f"{SINKS}/{made['id']}"
    assert read(client.put(address, made, format="json"))["name"] == "calls"
    wrong = read(client.patch(address, {"id": "x"}, format="json"), 400)
    assert wrong["errors"][0]["pointer"] == "/id"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"type": "carrier-pigeon"}, "/type"),
        ({"config": {"colour": 1}}, "/config/colour"),
        ({"filters": {"typos": []}}, "/filters/typos"),
        ({"filters": {"types": "x"}}, "/filters/types"),
        ({"filters": {"labels": {"a": 1}}}, "/filters/labels/a"),
        ({"filters": []}, "/filters"),
        ({"name": ""}, "/name"),
        ({"name": "x" * 121}, "/name"),
        ({"enabled": "yes"}, "/enabled"),
        ({"colour": 1}, "/colour"),
    ],
)
def test_each_fault_of_a_sink_has_its_pointer(api, change, pointer):
    body = create(api("manage"), 400, **change)
    assert [error["pointer"] for error in body["errors"]] == [pointer]


@pytest.mark.parametrize("body", ["[]", "1", "null", '"x"', "{}"])
def test_a_body_that_is_no_sink_is_refused(api, body):
    client = api("manage")
    assert client.post(SINKS, body, content_type="application/json").status_code == 400
    address = f"{SINKS}/{EventSink.objects.get().pk}"
    assert client.put(address, body, content_type="application/json").status_code == 400


def test_a_name_in_use_is_a_conflict(api):
    assert create(api("manage"), 409, name="log")["code"] == "CONFLICT"


def test_a_secret_is_sealed_masked_and_kept_when_sent_back_masked(api, recorder):
    client = api("manage")
    made = create(client, type="recorder", config={"url": "u", "token": "s3cr3t-token"})
    assert made["config"] == {"url": "u", "token": "***"}
    row = EventSink.objects.get(pk=made["id"])
    assert "s3cr3t" not in row.config
    address = f"{SINKS}/{made['id']}"
    patched = read(client.patch(address, {"config": {"url": "v"}}, format="json"))
    assert patched["config"] == {"url": "v", "token": "***"}
    emit(kind=EventType.INSTANCE_STATUS)
    EventSink.objects.filter(pk=made["id"]).update(filters="{}")
    relay.relay_once()
    assert recorder.configs == [{"url": "v", "token": "s3cr3t-token"}]
    read(client.patch(address, {"config": {"token": None}}, format="json"))
    assert EventSink.objects.get(pk=made["id"]).secret is None


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("get", EVENTS, "execute"),
        ("get", SINKS, "execute"),
        ("post", SINKS, "read"),
        ("post", f"{EVENTS}/01900000-0000-7000-8000-000000000000/redeliver", "read"),
    ],
)
def test_without_the_scope_nobody_gets_in(api, method, path, scope):
    assert getattr(api(scope), method)(path).status_code == 403
    assert getattr(api(), method)(path).status_code == 401


def test_a_token_limited_to_contexts_sees_the_events_of_their_instances(api, instances):
    for slug in instances:
        emit(slug)
    emit("no-such-instance")
    client = api("read", contexts=("client:7",))
    assert [e["subject"] for e in read(client.get(EVENTS))["results"]] == ["of-seven"]
    both = api("read", contexts=("client:7",), instances=("for-all",))
    assert read(both.get(EVENTS))["results"] == []
