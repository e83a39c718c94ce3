"""Sinks under TLS: real servers whose certificate is of a private authority."""

from __future__ import annotations

import json

import pytest

from integration_hub.events.models import Delivery, EventSink
from integration_hub.events.sink_services import create_sink
from integration_hub.lib.errors import ValidationFailed
from tests.events.kafka_cluster import Cluster
from tests.events.secured import HOST, running
from tests.events.test_broker_sinks import KINDS, drain, due_now, emit
from tests.tls_end import TlsEnd

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(180)]


def sink_at(kind: str, port: int, config: dict, *, host: str = HOST, authorities: str) -> None:
    EventSink.objects.all().delete()
    trusted = {"authorities": authorities} if authorities else {}
    place = {"host": host, "port": port, **trusted}
    create_sink(document={"name": kind, "type": kind, "config": place | config}, actor="tests")


def refusal_of(kind: str, port: int, config: dict, **given: str) -> str:
    """What the delivery of an event there fails of."""
    sink_at(kind, port, config, **given)
    emit(1)
    drain()
    delivery = Delivery.objects.get(sink__name=kind)
    assert delivery.status == "pending"
    return delivery.last_error


@pytest.mark.parametrize("kind", KINDS)
def test_a_sink_delivers_under_tls_to_whom_it_trusts_and_to_nobody_else(kind, secured, authority):
    reader = KINDS[kind][1](secured.port)
    reader.prepare()
    config, port = reader.config, secured.tls_port

    unknown = refusal_of(kind, port, config, authorities="")
    assert f"certificate of {HOST} was not accepted: unable to get local issuer" in unknown
    wrong = refusal_of(kind, port, config, host="localhost", authorities=authority.pem)
    assert "certificate of localhost was not accepted: Hostname mismatch" in wrong
    assert reader.read() == []

    sink_at(kind, port, config, authorities=authority.pem)
    emit(3)
    drain()
    assert [event["data"]["n"] for event in reader.read()] == [0, 1, 2]


@pytest.mark.parametrize("kind", KINDS)
def test_a_sink_refuses_a_certificate_that_has_ended(kind, expired, authority):
    config = KINDS[kind][1](expired.port).config
    said = refusal_of(kind, expired.tls_port, config, authorities=authority.pem)
    assert f"certificate of {HOST} was not accepted: certificate has expired" in said


def test_kafka_delivers_under_tls_to_the_broker_that_the_cluster_names(authority):
    cluster = Cluster(brokers=1)
    try:
        cluster.add_topic("events", 1)
        with TlsEnd(authority, HOST, cluster.ports[0]) as end:
            cluster.name(1, HOST, end.port)
            config = {"topic": "events"}
            assert "was not accepted" in refusal_of("kafka", end.port, config, authorities="")
            sink_at("kafka", end.port, config, authorities=authority.pem)
            emit(3)
            drain()
            cluster.name(1, HOST, cluster.ports[0])  # for those that read in clear
            got = cluster.read("events", 3)
    finally:
        cluster.close()
    assert [json.loads(message.value())["data"]["n"] for message in got] == [0, 1, 2]


def test_a_sink_goes_on_once_it_is_told_whom_to_trust(authority, tmp_path, api):
    with running("redis_stream", tmp_path, authority.leaf(HOST)) as server:
        assert "was not accepted" in refusal_of(
            "redis_stream", server.tls_port, {"stream": "events"}, authorities=""
        )
        sink = EventSink.objects.get()
        place = {"host": HOST, "port": server.tls_port, "stream": "events"}
        changed = api("manage").patch(
            f"/api/v1/event-sinks/{sink.pk}",
            {"config": {**place, "authorities": authority.pem}},
            format="json",
        )
        assert changed.status_code == 200, changed.content
        due_now()
        drain()
        assert Delivery.objects.get().status == "delivered"


@pytest.mark.parametrize("kind", [*KINDS, "kafka", "email", "webhook"])
def test_what_is_no_authority_is_refused_when_it_is_set(kind, authority):
    needs = {
        "kafka": {"topic": "t"},
        "email": {"from": "a@b.example", "to": ["c@d.example"]},
        "webhook": {"url": f"https://{HOST}/", "secret": "whsec_" + "A" * 32},
    }
    place = {} if kind == "webhook" else {"host": HOST}
    config = place | (needs.get(kind) or KINDS[kind][1](1).config)
    for pem, said in (("nonsense", "no PEM"), (authority.leaf(HOST)[1], "not an authority's")):
        document = {"name": kind, "type": kind, "config": {**config, "authorities": pem}}
        with pytest.raises(ValidationFailed) as refused:
            create_sink(document=document, actor="tests")
        (fault,) = refused.value.errors
        assert (fault.pointer, fault.code) == ("/config/authorities", "FORMAT")
        assert said in fault.detail


@pytest.mark.parametrize("kind", ["redis_stream", "amqp", "nats", "mqtt"])
def test_a_server_without_tls_is_not_spoken_to_in_clear(kind, tmp_path):
    with running(kind, tmp_path) as server:
        config = KINDS[kind][1](server.port).config
        said = refusal_of(kind, server.port, config, authorities="")
    assert "TLS" in said
