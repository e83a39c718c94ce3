"""The NATS sink: publishes each event to a JetStream stream and waits until it is stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from integration_hub.egress.nats_session import Declined, NatsSession
from integration_hub.egress.pooling import Pool
from integration_hub.events import broker
from integration_hub.events.cloudevent import CONTENT_TYPE
from integration_hub.events.sink import NotDelivered, Sink, sinks
from integration_hub.lib.errors import Fault
from integration_hub.lib.fields import Field

_PORT = 4222


@sinks.register("nats")
class NatsSink(Sink):
    """The event's id is `Nats-Msg-Id`, so that the stream itself drops what comes twice."""

    type = "nats"
    title = "NATS (JetStream)"
    fields = (
        *broker.fields(),
        Field(
            "subject",
            max_length=255,
            schema={"pattern": r"^[^\s.*>]+(\.[^\s.*>]+)*$"},
            help="A stream must listen to it.",
        ),
    )

    def __init__(self) -> None:
        self._pool: Pool[NatsSession] = Pool()

    def deliver(self, event: Mapping[str, Any], *, config: Mapping[str, Any]) -> None:
        host = str(config["host"])
        headers = {"Nats-Msg-Id": str(event["id"]), "Content-Type": CONTENT_TYPE}
        body: bytes = event.body  # type: ignore[attr-defined]  # every event is a CloudEvent
        try:
            with broker.lent(
                self._pool,
                config,
                lambda sock, login, tls: NatsSession(sock, host=host, login=login, tls=tls),
                port=_PORT,
                tls_at_once=False,
            ) as session:
                session.publish(str(config["subject"]), body, headers)
        except Declined as declined:
            raise NotDelivered(f"NATS did not store the event: {declined}") from None

    def faults(self, config: Mapping[str, Any]) -> Iterable[Fault]:
        return broker.faults(config, _PORT)

    def address(self, config: Mapping[str, Any]) -> str:
        return broker.address(config, "subject")
