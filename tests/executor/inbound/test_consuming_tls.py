"""Consumers under TLS: real brokers whose certificate is of a private authority."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command

from executor.inbound.broker import Wish
from executor.inbound.consuming import address_of
from integration_hub.lib.errors import ConnectionFailed
from tests.events.secured import HOST
from tests.executor.inbound.test_consuming import QUEUE, AmqpPlace, NatsPlace, RedisPlace, task

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(180)]

URLS = {
    "redis_stream": "rediss://{host}:{port}/0",
    "amqp": "amqps://guest:guest@{host}:{port}/",
    "nats": "tls://{host}:{port}",
}
PLACES: dict[str, Callable[[int], RedisPlace | AmqpPlace | NatsPlace]] = {
    "redis_stream": lambda port: RedisPlace(f"redis://{HOST}:{port}/0"),
    "amqp": AmqpPlace,
    "nats": NatsPlace,
}


def opened(kind: str, port: int, *, host: str = HOST, authorities: str = ""):
    """The broker as a consumer opens it."""
    plugin, _, address = address_of(URLS[kind].format(host=host, port=port), authorities)
    return plugin.open(address, Wish(QUEUE, "integration-hub", "tests", 1))


@pytest.mark.parametrize("kind", URLS)
def test_calls_are_consumed_under_tls_from_whom_it_trusts(kind, secured, authority, acme, settings):
    place, port = PLACES[kind](secured.port), secured.tls_port
    place.put(task())
    with pytest.raises(ConnectionFailed, match=r"127\.0\.0\.1 was not accepted: unable to get"):
        opened(kind, port)
    with pytest.raises(ConnectionFailed, match="localhost was not accepted: Hostname mismatch"):
        opened(kind, port, host="localhost", authorities=authority.pem)

    settings.HUB_CONSUME_CA = authority.pem
    settings.HUB_CONSUME_URL = URLS[kind].format(host=HOST, port=port)
    out = io.StringIO()
    call_command("consume_events", "--queue", QUEUE, "--until-empty", "--json", stdout=out)
    assert json.loads(out.getvalue()) == {"accepted": 1}
    assert place.waiting() == 0


@pytest.mark.parametrize("kind", URLS)
def test_a_consumer_refuses_a_certificate_that_has_ended(kind, expired, authority):
    with pytest.raises(ConnectionFailed, match="was not accepted: certificate has expired"):
        opened(kind, expired.tls_port, authorities=authority.pem)


def test_an_authority_of_consumers_that_is_none_is_said_at_once(settings):
    settings.HUB_CONSUME_CA = "nonsense"
    with pytest.raises(CommandError, match="HUB_CONSUME_CA: This is no PEM certificate"):
        call_command("consume_events", "--queue", QUEUE, "--url", "rediss://127.0.0.1/0")
