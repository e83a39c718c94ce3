from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import amqp

from integration_hub.egress.door import Login
from registry.adapter import adapters
from registry.conformance import Rig, Try, Wrong
from tests.rabbitmq import required_port


@contextmanager
def rig() -> Iterator[Rig]:
    port = required_port()
    with amqp.Connection(f"127.0.0.1:{port}") as client:
        queue = client.channel().queue_declare(f"hub-{uuid.uuid4()}", exclusive=True).queue
        yield Rig(
            adapter=adapters.get("amqp"),
            config=_at("127.0.0.1", port),
            at=_at,
            works=Try(block={"routing_key": queue}, parameters={"n": 1}),
            changes=Try(block={"routing_key": queue}),
            wrong=(Wrong(block={"routing_key": "{"}, pointer="/amqp/routing_key"),),
            greets=True,
            login=Login("guest", "guest"),  # a broker of tests: its password is no secret
        )
        adapters.get("amqp").close()


def _at(host: str, port: int) -> dict[str, object]:
    return {"host": host, "port": port, "tls": "off"}
