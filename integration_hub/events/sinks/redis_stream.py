"""The Redis sink: appends each event to a stream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from integration_hub.egress.pooling import Pool
from integration_hub.egress.redis_session import Declined, RedisSession
from integration_hub.events import broker
from integration_hub.events.sink import NotDelivered, Sink, sinks
from integration_hub.lib.errors import Fault
from integration_hub.lib.fields import Field

_PORT = 6379


@sinks.register("redis_stream")
class RedisStreamSink(Sink):
    """Each entry has `id`, `type`, `subject` and, as `event`, the whole CloudEvent."""

    type = "redis_stream"
    title = "Redis stream"
    fields = (
        *broker.fields(),
        Field("stream", max_length=1024, help="The stream's key."),
        Field("database", "integer", required=False, schema={"minimum": 0, "maximum": 65535}),
        Field(
            "max_length",
            "integer",
            required=False,
            schema={"minimum": 1, "maximum": 2**31 - 1},
            help="Entries that the stream keeps, about; all unless said.",
        ),
    )

    def __init__(self) -> None:
        self._pool: Pool[RedisSession] = Pool()

    def deliver(self, event: Mapping[str, Any], *, config: Mapping[str, Any]) -> None:
        database = int(config.get("database", 0))
        try:
            with broker.lent(
                self._pool,
                config,
                lambda sock, login, _: RedisSession(sock, database=database, login=login),
                port=_PORT,
                parts=(str(database),),
            ) as session:
                session.say(*_command(event, config))
        except Declined as declined:
            raise NotDelivered(f"Redis refused the event: {declined.text}") from None

    def faults(self, config: Mapping[str, Any]) -> Iterable[Fault]:
        return broker.faults(config, _PORT)

    def address(self, config: Mapping[str, Any]) -> str:
        return broker.address(config, "database", "stream")


def _command(event: Mapping[str, Any], config: Mapping[str, Any]) -> Iterator[str | bytes | int]:
    yield from ("XADD", str(config["stream"]))
    if (length := config.get("max_length")) is not None:
        yield from ("MAXLEN", "~", int(length))
    yield "*"
    for name in ("id", "type", "subject"):
        yield from (name, str(event[name]))
    yield from ("event", event.body)  # type: ignore[attr-defined]  # every event is a CloudEvent
