"""Writing events: in the caller's transaction, checked, masked, of bounded size."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import override_settings

from integration_hub.events import redelivery, relay, services
from integration_hub.events.catalog import SCHEMAS, validator_of
from integration_hub.events.choices import DeliveryStatus, EventType
from integration_hub.events.cloudevent import cloudevent_of
from integration_hub.events.models import Delivery, Event, EventSink
from integration_hub.lib import clock, redact
from integration_hub.lib.errors import InternalFailure
from integration_hub.lib.ids import time_of

STATUS = {"state": "connected"}


def emit(subject="acme", data=STATUS, kind=EventType.INSTANCE_STATUS):
    return services.emit(type=kind, subject=subject, data=data)


@pytest.mark.django_db
def test_an_event_is_a_cloudevent_with_a_stable_id():
    row = emit()
    event = cloudevent_of(Event.objects.get(pk=row.pk))
    assert event == {
        "specversion": "1.0",
        "id": str(row.pk),
        "source": "/integration-hub",
        "type": "integration.instance.status",
        "subject": "acme",
        "time": row.created_at.isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": STATUS,
    }


@pytest.mark.django_db
def test_an_event_exists_exactly_if_its_fact_does():
    with transaction.atomic():
        emit()
        transaction.set_rollback(True)
    assert not Event.objects.exists()


def test_build_saves_nothing():
    row = services.build(type=EventType.INSTANCE_STATUS, subject="acme", data=STATUS)
    assert row._state.adding
    assert abs(time_of(row.pk) - row.created_at) < timedelta(seconds=5)


def test_data_that_breaks_its_own_schema_is_found_where_events_are_checked():
    with pytest.raises(InternalFailure) as caught:
        services.build(type=EventType.INSTANCE_STATUS, subject="a", data={"stat": 1})
    assert caught.value.errors[0].pointer == "/data/state"
    with override_settings(HUB_CHECK_EVENTS=False):
        services.build(type=EventType.INSTANCE_STATUS, subject="a", data={"stat": 1})


def test_every_type_of_event_has_a_schema_that_compiles():
    assert set(SCHEMAS) == set(EventType)
    for kind in EventType:
        assert validator_of(kind).faults({}) or not SCHEMAS[kind]["required"]


def test_what_is_secret_by_name_or_in_use_never_gets_into_an_event():
    data = {
        "reason": "token abcdef123456 was refused",
        "password": "hunter2",
        "n": {"api_key": "k"},
    }
    with redact.registered("abcdef123456"):
        row = services.build(type=EventType.AUTH_FAILED, subject="acme", data=data)
    assert json.loads(row.data) == {
        "reason": "token *** was refused",
        "password": "***",
        "n": {"api_key": "***"},
    }


def test_large_data_goes_by_reference():
    data = {"execution_id": "x1", "method": "m", "status": "completed", "result": "y" * 100_000}
    row = services.build(type=EventType.METHOD_EXECUTED, subject="acme", data=data)
    kept = json.loads(row.data)
    assert kept == {
        "execution_id": "x1",
        "method": "m",
        "status": "completed",
        "omitted": ["result"],
    }
    many = {f"k{n}": "y" * 900 for n in range(1_000)} | data
    row = services.build(type=EventType.METHOD_EXECUTED, subject="acme", data=many)
    assert len(cloudevent_of(row).body) <= 64 * 1024


def test_large_integers_survive():
    row = services.build(type=EventType.INSTANCE_STATUS, subject="a", data=STATUS | {"n": 10**30})
    assert cloudevent_of(row)["data"]["n"] == 10**30


@pytest.mark.django_db
def test_redelivery_starts_over_under_the_same_id(sink, recorder):
    row = emit()
    relay.relay_once()
    assert redelivery.redeliver(event=row, actor="tests") == 1
    relay.relay_once()
    assert recorder.seen() == [str(row.pk)] * 2


@pytest.mark.django_db
def test_redelivery_reaches_sinks_that_came_later(sink, recorder):
    row = emit()
    relay.relay_once()
    EventSink.objects.create(name="second", type="recorder", config='{"url":"y"}')
    assert redelivery.redeliver(event=row, actor="tests") == 2
    while relay.relay_once():
        pass
    assert len(recorder.got) == 3


@pytest.mark.django_db
def test_old_events_are_purged_in_batches_but_not_while_a_sink_waits(sink, recorder):
    rows = [emit(subject=f"s{n}") for n in range(5)]
    recorder.refuse = lambda event: event["subject"] == "s0"
    relay.relay_once()
    later = clock.now() + timedelta(days=1)
    assert services.purge(before=later, batch=3) == 3
    assert services.purge(before=later, batch=3) == 1
    assert services.purge(before=later, batch=3) == 0
    assert list(Event.objects.values_list("pk", flat=True)) == [rows[0].pk]
    Delivery.objects.update(status=DeliveryStatus.DEAD)
    assert services.purge(before=later) == 1


@pytest.mark.django_db
def test_new_events_are_not_purged(sink):
    emit()
    relay.relay_once()
    assert services.purge(before=clock.now() - timedelta(hours=1)) == 0
    emit()
    assert (
        services.purge(before=clock.now() + timedelta(days=1)) == 1
    )  # the other is not fanned out


@pytest.mark.django_db
def test_a_log_sink_is_there_from_the_start():
    assert [(s.name, s.type, s.enabled) for s in EventSink.objects.all()] == [("log", "log", True)]
