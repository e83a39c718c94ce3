"""Messages that the adapter `amqp` publishes reach a real broker, once it says that they did."""

from __future__ import annotations

import uuid

import amqp
import pytest

from integration_hub.egress.door import Deadline, Login, TlsOptions
from integration_hub.lib.errors import ConnectionFailed, TimedOut, ValidationFailed
from registry.adapter import adapters
from tests.executor.adapters.calling import answer, call_of, faults, value
from tests.executor.adapters.through import connect
from tests.rabbitmq import required_port
from tests.raw_server import Peer, RawServer
from tests.tls_end import TlsEnd

GUEST = Login("guest", "guest")


@pytest.fixture(scope="session")
def port() -> int:
    return required_port()


@pytest.fixture
def config(port):
    yield {"host": "127.0.0.1", "port": port, "tls": "off"}
    adapters.get("amqp").close()


@pytest.fixture
def channel(port):
    with amqp.Connection(f"127.0.0.1:{port}") as client:
        yield client.channel()


@pytest.fixture
def queue(channel) -> str:
    return channel.queue_declare(f"hub-{uuid.uuid4()}", exclusive=True).queue


def taken(channel, queue: str) -> str:
    return channel.basic_get(queue, no_ack=True).body.decode()


def test_a_message_is_in_the_queue_with_its_properties(config, channel, queue) -> None:
    block = {
        "routing_key": "{queue}",
        "headers": {"x-tenant": "{tenant}", "x-absent": "{none}"},
        "type": "order.made",
        "priority": 3,
        "expiration_ms": 60_000,
        "correlation_id": "c-{tenant}",
    }
    given = {"queue": queue, "tenant": "acme", "number": 2**70, "items": [1, "zwei"]}
    done = value("amqp", config, block, given, login=GUEST)
    assert done == {
        "message_id": "0190-key",
        "exchange": "",
        "routing_key": queue,
        "confirmed": True,
    }
    found = channel.basic_get(queue, no_ack=True)
    assert found.body.decode() == '{"number":1180591620717411303424,"items":[1,"zwei"]}'
    assert found.properties == {
        "content_type": "application/json",
        "application_headers": {"x-tenant": "acme"},
        "delivery_mode": 2,
        "priority": 3,
        "correlation_id": "c-acme",
        "expiration": "60000",
        "message_id": "0190-key",
        "type": "order.made",
    }


def test_a_message_goes_through_an_exchange_by_its_routing_key(config, channel, queue) -> None:
    exchange = f"hub-{uuid.uuid4()}"
    channel.exchange_declare(exchange, "topic", durable=False, auto_delete=True)
    channel.queue_bind(queue, exchange, "order.*")
    block = {"exchange": exchange, "routing_key": "order.{kind}", "body": "text"}
    value("amqp", config, block, {"kind": "made", "text": "hällo"}, login=GUEST)
    assert taken(channel, queue) == "hällo"
    lost = answer("amqp", config, block, {"kind": "a.b", "text": "x"}, login=GUEST)
    assert (lost.status, lost.said) == (
        404,
        "returned the message: no queue is bound for its routing key",
    )
    block["mandatory"] = False
    assert value("amqp", config, block, {"kind": "a.b", "text": "x"}, login=GUEST)["confirmed"]


def test_refusals_are_told_apart_and_the_next_message_goes_well(config, channel, queue) -> None:
    def status(block, login=GUEST, **changes):
        return answer("amqp", {**config, **changes}, block, login=login).status

    assert status({"exchange": "no-such", "routing_key": "x"}) == 404
    assert status({"exchange": "amq.rabbitmq.trace", "routing_key": "x"}) == 403
    assert status({"routing_key": queue}, Login("guest", "bad")) == 401
    assert status({"routing_key": queue}, vhost="no-such") == 404
    value("amqp", config, {"routing_key": queue}, {"n": 1}, login=GUEST)
    assert taken(channel, queue) == '{"n":1}'


def test_a_queue_that_is_full_and_refuses_is_a_refusal(config, channel) -> None:
    arguments = {"x-max-length": 1, "x-overflow": "reject-publish"}
    name = f"hub-{uuid.uuid4()}"
    channel.queue_declare(name, exclusive=True, arguments=arguments)
    block = {"routing_key": name}
    statuses = [answer("amqp", config, block, {"n": n}, login=GUEST).status for n in range(3)]
    assert statuses[0] is None
    assert statuses[2] == 503


def test_a_message_that_is_too_large_or_has_no_place_is_not_sent(config, queue) -> None:
    block = {"routing_key": "{q}", "max_bytes": 100}
    with pytest.raises(ValidationFailed, match="at most 100"):
        answer("amqp", config, block, {"q": queue, "text": "x" * 200}, login=GUEST)
    with pytest.raises(ValidationFailed) as caught:
        answer("amqp", config, block, {"text": "x"}, login=GUEST)
    assert caught.value.errors[0].pointer == "/parameters/q"
    with pytest.raises(ValidationFailed, match="255"):
        answer("amqp", config, block, {"q": "x" * 300}, login=GUEST)


def test_a_large_message_arrives_whole(config, channel, queue) -> None:
    text = "x" * 900_000
    value("amqp", config, {"routing_key": queue, "body": "text"}, {"text": text}, login=GUEST)
    assert taken(channel, queue) == text


def test_under_tls_the_certificate_is_verified(config, channel, queue, authority) -> None:
    with TlsEnd(authority, "127.0.0.1", config["port"]) as end:
        secured = {**config, "tls": "required", "port": end.port}
        trusting = TlsOptions(authorities=authority.pem)
        for n in range(2):
            value("amqp", secured, {"routing_key": queue}, {"n": n}, login=GUEST, tls=trusting)
        assert end.connections == 1
        with pytest.raises(ConnectionFailed, match="was not accepted"):
            answer("amqp", secured, {"routing_key": queue}, {"n": 1}, login=GUEST)
    assert taken(channel, queue) == '{"n":0}'
    adapters.get("amqp").close()


def test_a_broker_that_says_nothing_is_given_up_at_the_deadline() -> None:
    server = RawServer(Peer.hang)
    config = {"host": "127.0.0.1", "port": server.port, "tls": "off"}
    with pytest.raises(TimedOut) as caught:
        answer("amqp", config, {"routing_key": "q"}, login=GUEST, deadline=Deadline(0.3))
    assert caught.value.sent is False
    server.close()


def test_something_that_is_no_broker_is_no_fault_of_the_adapter() -> None:
    server = RawServer(lambda peer: peer.say(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 3))
    config = {"host": "127.0.0.1", "port": server.port, "tls": "off"}
    with pytest.raises(ConnectionFailed) as caught:
        answer("amqp", config, {"routing_key": "q"}, login=GUEST)
    assert caught.value.sent is False
    server.close()


@pytest.mark.parametrize(
    ("block", "place", "code"),
    [
        ({"routing_key": "order.{"}, "/amqp/routing_key", "FORMAT"),
        ({"routing_key": "{knd}"}, "/amqp/routing_key", "UNKNOWN_PARAMETER"),
        (
            {"routing_key": "x", "headers": {"a/b": "{nope}"}},
            "/amqp/headers/a~1b",
            "UNKNOWN_PARAMETER",
        ),
    ],
)
def test_each_fault_has_its_place(block, place, code) -> None:
    schema = {"properties": {"kind": {"type": "string"}}, "additionalProperties": False}
    found = faults("amqp", block, param_schema=schema)
    assert (place, code) in [(item.pointer, item.code) for item in found]


def test_a_preview_needs_no_broker_and_shows_no_login() -> None:
    config = {"host": "mq.acme.example", "vhost": "/shop"}
    call = call_of(
        "amqp", config, {"routing_key": "q", "headers": {"x": "1"}}, {"a": 1}, login=GUEST
    )
    sent = adapters.get("amqp").preview(call)
    assert (sent.operation, sent.url) == ("PUBLISH", "amqps://mq.acme.example:5671/shop")
    assert (sent.body, sent.details["x"]) == (b'{"a":1}', "1")


@pytest.mark.django_db
def test_in_the_hub_the_message_carries_the_execution_and_masks_hold(
    config, channel, queue
) -> None:
    document = {
        "slug": "bus",
        "name": "Bus",
        "version": "1.0.0",
        "type": "amqp",
        "auth": [{"type": "basic"}],
        "methods": {
            "say": {"amqp": {"routing_key": queue}, "sensitive": ["parameters.email"]},
            "keyed": {"amqp": {"routing_key": queue}, "idempotency_header": "x-key"},
            "lost": {"amqp": {"routing_key": f"{queue}-not"}},
        },
    }
    data = {"username": "guest", "password": "guest"}
    call = connect(document, config, type="basic", data=data)
    made = call("say", {"email": "ada@acme.example"})
    assert made.status == 200
    execution = made.body["execution_id"]
    assert made.body["data"]["message_id"] == execution
    assert channel.basic_get(queue, no_ack=True).properties["message_id"] == execution
    assert "ada@acme.example" not in made.kept
    keyed = call("keyed", {})
    got = channel.basic_get(queue, no_ack=True).properties["application_headers"]
    assert got == {"x-key": keyed.body["execution_id"]}
    refused = call("lost", {})
    assert (refused.body["code"], refused.body["upstream"]["status"]) == ("INTEGRATION_ERROR", 404)
