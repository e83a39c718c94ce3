"""Each sink before its real server, and through a restart of it: nothing is lost."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from datetime import timedelta

import amqp
import nats
import pytest
import redis
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from integration_hub.coordination import dbtime
from integration_hub.events import relay, services
from integration_hub.events.choices import EventType
from integration_hub.events.models import Delivery, EventSink
from integration_hub.events.sink_services import create_sink
from integration_hub.lib.errors import TargetForbidden
from tests.events import brokers

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(180)]


class RedisReader:
    def __init__(self, port: int) -> None:
        self.port = port
        self.config = {"stream": "events"}

    def prepare(self) -> None:
        """A stream is made by its first entry."""

    def read(self) -> list[dict]:
        client = redis.Redis(port=self.port)
        return [json.loads(fields[b"event"]) for _, fields in client.xrange("events")]


class RabbitReader:
    def __init__(self, port: int) -> None:
        self.port = port
        self.config = {"routing_key": "events", "username": "guest", "password": "guest"}

    def _channel(self):
        connection = amqp.Connection(f"127.0.0.1:{self.port}")
        connection.connect()
        return connection, connection.channel()

    def prepare(self) -> None:
        connection, channel = self._channel()
        channel.queue_declare("events", durable=True, auto_delete=False)
        connection.close()

    def read(self) -> list[dict]:
        """Without a confirmation, so that they stay."""
        connection, channel = self._channel()
        taken = []
        while (message := channel.basic_get("events")) is not None:
            taken.append(json.loads(message.body))
        connection.close()
        return taken


class NatsReader:
    def __init__(self, port: int) -> None:
        self.port = port
        self.config = {"subject": "hub.events"}

    def _run(self, work):
        async def run():
            client = await nats.connect(f"nats://127.0.0.1:{self.port}")
            try:
                return await work(client.jetstream())
            finally:
                await client.close()

        return asyncio.run(run())

    def prepare(self) -> None:
        self._run(lambda stream: stream.add_stream(name="EVENTS", subjects=["hub.>"]))

    def read(self) -> list[dict]:
        async def all_of(stream):
            count = (await stream.stream_info("EVENTS")).state.messages
            found = [await stream.get_msg("EVENTS", seq) for seq in range(1, count + 1)]
            return [json.loads(message.data) for message in found]

        return self._run(all_of)


class MqttReader:
    """Mosquitto keeps nothing: a subscriber is there before and after the restart."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.config = {"topic": "hub/events"}
        self.taken: list[dict] = []
        self.subscribed = threading.Event()
        self.client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        self.client.reconnect_delay_set(1, 1)
        self.client.on_connect = lambda c, *_: c.subscribe("hub/#", qos=1)
        self.client.on_subscribe = lambda *_: self.subscribed.set()
        self.client.on_disconnect = lambda *_: self.subscribed.clear()
        self.client.on_message = lambda _c, _u, m: self.taken.append(json.loads(m.payload))

    def prepare(self) -> None:
        self.client.connect("127.0.0.1", self.port)
        self.client.loop_start()
        assert self.subscribed.wait(10)

    def read(self) -> list[dict]:
        time.sleep(0.3)
        return self.taken


KINDS = {
    "redis_stream": (brokers.Redis, RedisReader),
    "amqp": (brokers.Rabbit, RabbitReader),
    "nats": (brokers.Nats, NatsReader),
    "mqtt": (brokers.Mosquitto, MqttReader),
}


def emit(count: int, start: int = 0) -> None:
    for n in range(start, start + count):
        services.emit(
            type=EventType.INSTANCE_STATUS, subject="acme", data={"state": "connected", "n": n}
        )


def drain() -> None:
    while relay.relay_once():
        pass


def due_now() -> None:
    past = dbtime.now() - timedelta(seconds=1)
    Delivery.objects.filter(status="pending").update(due_at=past, lease_until=None)


def sink_at(kind: str, port: int, config: dict) -> EventSink:
    EventSink.objects.all().delete()
    place = {"host": "127.0.0.1", "port": port, "tls": "off"}
    document = {"name": kind, "type": kind, "config": place | config}
    return create_sink(document=document, actor="tests")


@pytest.mark.parametrize("kind", KINDS)
def test_a_sink_delivers_through_a_restart_of_its_server(kind, tmp_path):
    server_class, reader_class = KINDS[kind]
    server = server_class(tmp_path)
    server.start()
    try:
        reader = reader_class(server.port)
        reader.prepare()
        sink_at(kind, server.port, reader.config)
        emit(20)
        drain()
        assert [e["data"]["n"] for e in reader.read()] == list(range(20))

        server.stop()
        emit(20, start=20)
        drain()
        sink = EventSink.objects.get()
        assert sink.failing_since is not None
        assert sink.last_error.startswith("ConnectionFailed")
        assert Delivery.objects.filter(status="pending").count() == 20

        server.start()
        if kind == "mqtt":
            assert reader.subscribed.wait(20)
        due_now()
        drain()
        found = reader.read()
    finally:
        server.stop()
    assert [e["data"]["n"] for e in found] == list(range(40))
    assert len({e["id"] for e in found}) == 40
    assert all(e["specversion"] == "1.0" for e in found)
    sink.refresh_from_db()
    assert sink.failing_since is None


def test_what_no_queue_and_no_stream_takes_is_said(tmp_path):
    server = brokers.Nats(tmp_path)
    server.start()
    try:
        sink_at("nats", server.port, {"subject": "nobody.listens"})
        emit(1)
        drain()
    finally:
        server.stop()
    assert "no stream listens to nobody.listens" in Delivery.objects.get().last_error


def test_an_event_that_comes_twice_is_one_in_a_stream_of_nats(tmp_path):
    server = brokers.Nats(tmp_path)
    server.start()
    try:
        reader = NatsReader(server.port)
        reader.prepare()
        sink_at("nats", server.port, reader.config)
        emit(1)
        drain()
        Delivery.objects.update(status="pending", due_at=dbtime.now())
        drain()
        assert len(reader.read()) == 1
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        ("redis_stream", {"stream": "s"}),
        ("amqp", {}),
        ("nats", {"subject": "s"}),
        ("mqtt", {"topic": "t"}),
        ("email", {"from": "a@b.example", "to": ["c@d.example"]}),
    ],
)
@pytest.mark.django_db
def test_a_forbidden_place_is_refused_when_it_is_set(kind, config):
    document = {"name": kind, "type": kind, "config": {"host": "169.254.169.254", **config}}
    with pytest.raises(TargetForbidden):
        create_sink(document=document, actor="tests")
