"""A queue of an AMQP 0-9-1 broker (RabbitMQ), which has to be there."""

from __future__ import annotations

from collections.abc import Sequence

from executor.inbound.broker import Address, Broker, BrokerKind, Message, Wish, brokers
from integration_hub.egress.amqp_session import AmqpSession, Declined
from integration_hub.egress.connect import connect
from integration_hub.egress.door import Deadline, Login
from integration_hub.egress.kept import attach
from integration_hub.lib import clock
from integration_hub.lib.errors import ConnectionFailed

COMMAND_S = 30.0
IDLE_S = 0.2


class AmqpQueue(Broker):
    def __init__(self, session: AmqpSession, address: Address, wish: Wish) -> None:
        self._session, self._address, self._wish = session, address, wish

    def fetch(self) -> Sequence[Message]:
        found: list[Message] = []
        while len(found) < self._wish.prefetch:
            self._attach()
            try:
                got = self._session.get(self._wish.queue)
            except Declined as declined:
                said = f"The broker refused the queue {self._wish.queue!r} ({declined.code})."
                raise ConnectionFailed(said) from None
            if got is None:
                break
            headers = got.properties.get("application_headers") or {}
            again = int(
                headers.get("x-delivery-count", int(bool(got.delivery_info["redelivered"])))
            )
            body = got.body.encode() if isinstance(got.body, str) else bytes(got.body)
            found.append(Message(body, got.delivery_tag, again + 1))
        if not found:
            clock.sleep(IDLE_S)
        return found

    def done(self, message: Message) -> None:
        self._attach()
        self._session.ack(message.handle)

    def again(self, message: Message) -> None:
        self._attach()
        self._session.put_back(message.handle)

    def close(self) -> None:
        self._session.close()

    def _attach(self) -> None:
        attach(
            self._session.sock, self._address.host, self._address.port, deadline=Deadline(COMMAND_S)
        )


@brokers.register("amqp")
class AmqpKind(BrokerKind):
    schemes = ("amqp", "amqps")
    ports = (5672, 5671)

    def open(self, address: Address, wish: Wish) -> Broker:
        sock = connect(
            address.host,
            address.port,
            deadline=Deadline(COMMAND_S),
            tls=address.tls,
        )
        try:
            login = Login(username=address.username, password=address.password)
            session = AmqpSession(sock, host=address.host, vhost=address.path or "/", login=login)
        except Declined as declined:
            sock.close()
            raise ConnectionFailed(f"The broker refused the login ({declined.code}).") from None
        except BaseException:
            sock.close()
            raise
        return AmqpQueue(session, address, wish)
