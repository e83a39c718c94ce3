"""The Kafka sink: writes each event to a topic and waits until all replicas in step have it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from kafka.partitioner import murmur2

from integration_hub.egress.kafka_session import MECHANISMS, Declined, KafkaSession, Leader
from integration_hub.egress.pooling import Pool
from integration_hub.events import broker
from integration_hub.events.cloudevent import CONTENT_TYPE
from integration_hub.events.sink import NotDelivered, Sink, sinks
from integration_hub.lib.errors import ConnectionFailed, Fault
from integration_hub.lib.fields import Field

_PORT = 9092
_POSITIVE = 0x7FFFFFFF


@sinks.register("kafka")
class KafkaSink(Sink):
    """CloudEvents' binding for Kafka, structured; the subject is the key, and so keeps its order.

    The partition of a key is the one that Kafka's own clients choose (murmur2).
    """

    type = "kafka"
    title = "Kafka"
    fields = (
        *broker.fields(),
        Field("topic", max_length=249, schema={"pattern": r"^[A-Za-z0-9._-]+$"}),
        Field(
            "mechanism",
            required=False,
            help=f"{MECHANISMS[0]} unless said; how username and password are shown (SASL).",
            schema={"enum": list(MECHANISMS)},
        ),
    )

    def __init__(self) -> None:
        self._pool: Pool[KafkaSession] = Pool()

    def deliver(self, event: Mapping[str, Any], *, config: Mapping[str, Any]) -> None:
        """A leader that is gone or leads no more is looked for once."""
        try:
            if not self._has_taken(event, config, self._leader(event, config)):
                self._write(event, config, self._leader(event, config, fresh=True))
        except Declined as declined:
            raise NotDelivered(f"Kafka did not take the event: {declined}") from None

    def _has_taken(
        self, event: Mapping[str, Any], config: Mapping[str, Any], leader: Leader
    ) -> bool:
        try:
            self._write(event, config, leader)
        except Declined as declined:
            if not declined.moved:
                raise
            return False
        except ConnectionFailed as error:
            if error.sent:
                raise
            return False
        return True

    def _leader(
        self, event: Mapping[str, Any], config: Mapping[str, Any], *, fresh: bool = False
    ) -> Leader:
        with self._lent(config) as session:
            leaders = session.leaders(str(config["topic"]), fresh=fresh)
        hashed: int = murmur2(_key(event)) & _POSITIVE
        return leaders[hashed % len(leaders)]

    def _write(self, event: Mapping[str, Any], config: Mapping[str, Any], leader: Leader) -> None:
        with self._lent(_at(config, leader)) as session:
            session.publish(
                str(config["topic"]),
                leader.partition,
                key=_key(event),
                body=event.body,  # type: ignore[attr-defined]  # every event is a CloudEvent
                headers={"content-type": CONTENT_TYPE, "id": str(event["id"])},
            )

    def _lent(self, config: Mapping[str, Any]) -> AbstractContextManager[KafkaSession]:
        mechanism = str(config.get("mechanism", MECHANISMS[0]))
        return broker.lent(
            self._pool,
            config,
            lambda sock, login, _: KafkaSession(sock, login=login, mechanism=mechanism),
            port=_PORT,
            parts=(mechanism,),
        )

    def faults(self, config: Mapping[str, Any]) -> Iterable[Fault]:
        return broker.faults(config, _PORT)

    def address(self, config: Mapping[str, Any]) -> str:
        return broker.address(config, "topic")


def _key(event: Mapping[str, Any]) -> bytes:
    return str(event["subject"]).encode()


def _at(config: Mapping[str, Any], leader: Leader) -> dict[str, Any]:
    """The same with the broker that the cluster names; the policy judges it like any other."""
    return {**config, "host": leader.host, "port": leader.port}
