"""The AMQP sink: publishes each event to an exchange of RabbitMQ and waits for its confirm."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from amqp import Message

from integration_hub.egress.amqp_session import AmqpSession, Declined, Nacked
from integration_hub.egress.pooling import Pool
from integration_hub.events import broker
from integration_hub.events.cloudevent import CONTENT_TYPE
from integration_hub.events.sink import NotDelivered, Sink, sinks
from integration_hub.lib.errors import Fault
from integration_hub.lib.fields import Field

_SHORT = 255
_PERSISTENT = 2


@sinks.register("amqp")
class AmqpSink(Sink):
    """Persistent, mandatory: what no queue wants is a failure and is tried again."""

    type = "amqp"
    title = "AMQP (RabbitMQ)"
    fields = (
        *broker.fields(),
        Field("vhost", required=False, max_length=_SHORT, label="Virtual host"),
        Field("exchange", required=False, max_length=_SHORT, help="The default one unless said."),
        Field(
            "routing_key",
            required=False,
            max_length=_SHORT,
            help="The event's type unless said; with the default exchange the queue's name.",
        ),
    )

    def __init__(self) -> None:
        self._pool: Pool[AmqpSession] = Pool()

    def deliver(self, event: Mapping[str, Any], *, config: Mapping[str, Any]) -> None:
        host, vhost = str(config["host"]), str(config.get("vhost", "/"))
        message = Message(
            event.body,  # type: ignore[attr-defined]  # every event is a CloudEvent
            content_type=CONTENT_TYPE,
            message_id=str(event["id"]),
            type=str(event["type"]),
            delivery_mode=_PERSISTENT,
        )
        try:
            with broker.lent(
                self._pool,
                config,
                lambda sock, login, _: AmqpSession(sock, host=host, vhost=vhost, login=login),
                port=_port(config),
                parts=(vhost,),
            ) as session:
                session.publish(
                    message,
                    exchange=str(config.get("exchange", "")),
                    key=str(config.get("routing_key") or event["type"]),
                    mandatory=True,
                )
        except Declined as declined:
            raise NotDelivered(
                f"The broker refused the event ({declined.code}): {declined.text}"
            ) from None
        except Nacked:
            raise NotDelivered("The broker could not take the event (nack).") from None

    def faults(self, config: Mapping[str, Any]) -> Iterable[Fault]:
        return broker.faults(config, _port(config))

    def address(self, config: Mapping[str, Any]) -> str:
        return broker.address(config, "vhost", "exchange", "routing_key")


def _port(config: Mapping[str, Any]) -> int:
    return 5672 if broker.is_clear(config) else 5671
