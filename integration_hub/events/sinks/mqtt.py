"""The MQTT sink: publishes each event to a topic, acknowledged (QoS 1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from integration_hub.egress.mqtt_session import Declined, MqttSession
from integration_hub.egress.pooling import Pool
from integration_hub.events import broker
from integration_hub.events.cloudevent import CONTENT_TYPE
from integration_hub.events.sink import NotDelivered, Sink, sinks
from integration_hub.lib.errors import Fault
from integration_hub.lib.fields import Field


@sinks.register("mqtt")
class MqttSink(Sink):
    """MQTT 5, structured CloudEvents: the content type says so."""

    type = "mqtt"
    title = "MQTT"
    fields = (
        *broker.fields(),
        Field("topic", max_length=1024, schema={"pattern": r"^[^+#\u0000]+$"}),
        Field("retain", "boolean", required=False, help="The broker keeps the last one."),
    )

    def __init__(self) -> None:
        self._pool: Pool[MqttSession] = Pool()

    def deliver(self, event: Mapping[str, Any], *, config: Mapping[str, Any]) -> None:
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho's own
        properties.ContentType = CONTENT_TYPE
        body: bytes = event.body  # type: ignore[attr-defined]  # every event is a CloudEvent
        try:
            with broker.lent(
                self._pool,
                config,
                lambda sock, login, _: MqttSession(sock, login=login),
                port=_port(config),
            ) as session:
                session.publish(
                    str(config["topic"]),
                    body,
                    properties=properties,
                    retain=bool(config.get("retain", False)),
                )
        except Declined as declined:
            raise NotDelivered(f"The broker refused the event: {declined}") from None

    def faults(self, config: Mapping[str, Any]) -> Iterable[Fault]:
        return broker.faults(config, _port(config))

    def address(self, config: Mapping[str, Any]) -> str:
        return broker.address(config, "topic")


def _port(config: Mapping[str, Any]) -> int:
    return 1883 if broker.is_clear(config) else 8883
