"""A stream of NATS JetStream, which has to be there, by a durable pull consumer."""

from __future__ import annotations

import json
from collections.abc import Sequence

from executor.inbound.broker import Address, Broker, BrokerKind, Message, Wish, brokers
from integration_hub.egress.connect import connect
from integration_hub.egress.door import Deadline, Login
from integration_hub.egress.kept import attach
from integration_hub.egress.nats_session import Declined, NatsSession
from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import ConnectionFailed

COMMAND_S = 30.0
WAIT_S = 0.3
ACK_WAIT_S = 30.0
"""How long a message may rest with a consumer that does nothing before another gets it."""

_NS = 1_000_000_000


class NatsStream(Broker):
    def __init__(self, session: NatsSession, address: Address, wish: Wish) -> None:
        self._session, self._address, self._wish = session, address, wish

    def prepare(self) -> None:
        """The durable consumer, made where it is not there yet."""
        stream, group = self._wish.queue, self._wish.group
        asked = {
            "stream_name": stream,
            "config": {
                "durable_name": group,
                "ack_policy": "explicit",
                "ack_wait": int(ACK_WAIT_S * _NS),
                "deliver_policy": "all",
            },
        }
        said = jsonsafe.loads(
            self._session.ask(
                f"$JS.API.CONSUMER.DURABLE.CREATE.{stream}.{group}", json.dumps(asked).encode()
            )
        )
        if "error" in said:
            raise Declined(str(said["error"].get("description", "no consumer")))

    def fetch(self) -> Sequence[Message]:
        self._attach()
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self._wish.queue}.{self._wish.group}"
        asked = {"batch": self._wish.prefetch, "expires": int(WAIT_S * _NS)}
        try:
            found = self._session.pull(subject, json.dumps(asked).encode(), self._wish.prefetch)
        except Declined as declined:
            raise ConnectionFailed(f"NATS gave nothing: {declined}.") from None
        return [Message(body, reply) for reply, body in found]

    def done(self, message: Message) -> None:
        """Return when the stream has noted it."""
        self._say(message, b"+ACK")

    def again(self, message: Message) -> None:
        self._say(message, b"-NAK")

    def close(self) -> None:
        self._session.close()

    def _say(self, message: Message, word: bytes) -> None:
        self._attach()
        try:
            self._session.ask(message.handle, word)
        except Declined as declined:
            raise ConnectionFailed(f"NATS did not note it: {declined}.") from None

    def _attach(self) -> None:
        attach(
            self._session.sock, self._address.host, self._address.port, deadline=Deadline(COMMAND_S)
        )


@brokers.register("nats")
class NatsKind(BrokerKind):
    schemes = ("nats", "tls")
    ports = (4222, 4222)

    def open(self, address: Address, wish: Wish) -> Broker:
        sock = connect(address.host, address.port, deadline=Deadline(COMMAND_S))
        try:
            login = Login(username=address.username, password=address.password)
            broker = NatsStream(
                NatsSession(sock, host=address.host, login=login, tls=address.tls), address, wish
            )
            broker.prepare()
        except Declined as declined:
            sock.close()
            raise ConnectionFailed(f"NATS refused: {declined}.") from None
        except BaseException:
            sock.close()
            raise
        return broker
