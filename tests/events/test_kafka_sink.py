"""The Kafka sink before brokers that speak its protocol: order, restarts, leaders, logins."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Iterator

import pytest
from confluent_kafka import Producer

from integration_hub.events import services
from integration_hub.events.choices import EventType
from integration_hub.events.models import Delivery, EventSink
from integration_hub.events.sink_services import create_sink
from integration_hub.lib.errors import TargetForbidden, ValidationFailed
from tests.events import kafka_login
from tests.events.kafka_cluster import Cluster
from tests.events.test_broker_sinks import drain, due_now

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(120)]
PARTITIONS = 4


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    found = Cluster()
    found.add_topic("events", PARTITIONS)
    yield found
    found.close()


def sink_at(port: int, **config: object) -> EventSink:
    EventSink.objects.all().delete()
    place = {"host": "127.0.0.1", "port": port, "tls": "off", "topic": "events"}
    document = {"name": "kafka", "type": "kafka", "config": place | config}
    return create_sink(document=document, actor="tests")


def emit(count: int, start: int = 0, subjects: int = 5) -> None:
    for n in range(start, start + count):
        subject = f"system-{n % subjects}"
        data = {"state": "connected", "n": n}
        services.emit(type=EventType.INSTANCE_STATUS, subject=subject, data=data)


def by_key(messages: list) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for message in messages:
        body = json.loads(message.value())
        assert body["subject"] == message.key().decode()
        found.setdefault(body["subject"], []).append(body["data"]["n"])
    return found


def test_each_subject_keeps_its_order_in_one_partition(cluster):
    sink_at(cluster.ports[0])
    emit(40)
    drain()
    messages = cluster.read("events", 40)
    assert by_key(messages) == {f"system-{k}": list(range(k, 40, 5)) for k in range(5)}
    assert len({(m.key(), m.partition()) for m in messages}) == 5
    assert len({m.partition() for m in messages}) > 1
    headers = dict(messages[0].headers())
    assert headers["content-type"] == b"application/cloudevents+json"
    assert headers["id"].decode() == json.loads(messages[0].value())["id"]


def test_the_partition_is_the_one_that_other_clients_choose(cluster):
    other = Producer({"bootstrap.servers": cluster.bootstrap, "partitioner": "murmur2_random"})
    for k in range(5):
        other.produce("events", key=f"system-{k}", value=b"{}")
    assert other.flush(10) == 0
    theirs = {m.key(): m.partition() for m in cluster.read("events", 5)}
    sink_at(cluster.ports[0])
    emit(5)
    drain()
    ours = {m.key(): m.partition() for m in cluster.read("events", 10) if m.value() != b"{}"}
    assert ours == theirs


def test_nothing_is_lost_through_a_restart_of_the_cluster(cluster):
    sink_at(cluster.ports[0])
    emit(20)
    drain()
    cluster.stop()
    emit(20, start=20)
    drain()
    sink = EventSink.objects.get()
    assert sink.failing_since is not None
    assert sink.last_error.startswith("ConnectionFailed")
    assert Delivery.objects.filter(status="pending").count() == 20

    cluster.start()
    due_now()
    drain()
    messages = cluster.read("events", 40)
    assert by_key(messages) == {f"system-{k}": list(range(k, 40, 5)) for k in range(5)}
    sink.refresh_from_db()
    assert sink.failing_since is None


def test_a_partition_is_followed_to_its_new_leader(cluster):
    sink_at(cluster.ports[0])
    emit(10)
    drain()
    for partition in range(PARTITIONS):
        cluster.lead("events", partition, 1)
    emit(10, start=10)
    drain()
    assert not Delivery.objects.exclude(status="delivered").exists()
    assert not Delivery.objects.filter(attempts__gt=1).exists()
    assert len(cluster.read("events", 20)) == 20


def test_a_leader_that_is_gone_is_looked_for_anew(cluster):
    sink_at(cluster.ports[0])
    emit(10)
    drain()
    cluster.stop_one(2)
    for partition in range(PARTITIONS):
        cluster.lead("events", partition, 1)
    emit(10, start=10)
    drain()
    due_now()
    drain()
    assert len(cluster.read("events", 20)) == 20


def test_a_topic_that_is_not_there_is_said(cluster):
    sink_at(cluster.ports[0], topic="nobody.made.it")
    emit(1)
    drain()
    assert "UNKNOWN_TOPIC_OR_PARTITION (3)" in Delivery.objects.get().last_error


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_it_logs_in_and_says_no_password(mechanism, caplog):
    caplog.set_level(logging.DEBUG)
    with kafka_login.LoginServer(mechanism) as server:
        login = {"mechanism": mechanism, "username": kafka_login.USER}
        sink_at(server.port, **login, password=kafka_login.PASSWORD)
        emit(1)
        drain()
        assert server.logged_in == 1
        assert "speaks no version of MetadataRequest" in Delivery.objects.get().last_error

        sink_at(server.port, **login, password="wrong-s3cr3t")
        emit(1)
        drain()
        server.shutdown()
    said = Delivery.objects.latest("pk").last_error
    assert "refused the user name or the password" in said
    assert kafka_login.PASSWORD not in said + caplog.text
    assert "wrong-s3cr3t" not in said + caplog.text


def test_a_login_that_the_broker_does_not_take_names_those_it_takes():
    with kafka_login.LoginServer("PLAIN") as server:
        sink_at(server.port, username="hub", password=kafka_login.PASSWORD)
        emit(1)
        drain()
        server.shutdown()
    said = Delivery.objects.get().last_error
    assert "it takes no SCRAM-SHA-512; it offers: PLAIN" in said


def test_what_is_no_kafka_is_said():
    with socket.create_server(("127.0.0.1", 0)) as other:
        sink_at(other.getsockname()[1])
        emit(1)
        threading.Thread(target=_greet, args=(other,), daemon=True).start()
        drain()
    assert "What answers there is no Kafka broker" in Delivery.objects.get().last_error


def _greet(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.sendall(b"SSH-2.0-OpenSSH_9.9\r\n")
        connection.recv(1024)


def test_a_broker_that_the_cluster_names_is_judged_like_any_other(cluster):
    """What a broker says is no way round the policy for addresses."""
    for broker in (1, 2):
        cluster.name(broker, "169.254.169.254", 80)
    sink_at(cluster.ports[0])
    emit(1)
    drain()
    assert "TargetForbidden" in Delivery.objects.get().last_error


@pytest.mark.parametrize("wrong", [{"topic": "a/b"}, {"topic": ""}, {"mechanism": "GSSAPI"}])
def test_a_config_that_cannot_be_meant_is_refused(wrong):
    with pytest.raises(ValidationFailed):
        sink_at(9092, **wrong)


def test_a_forbidden_place_is_refused_when_it_is_set():
    with pytest.raises(TargetForbidden):
        sink_at(9092, host="169.254.169.254")
