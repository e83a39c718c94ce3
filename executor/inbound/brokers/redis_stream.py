"""Redis Streams, as a member of a consumer group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from executor.inbound.broker import Address, Broker, BrokerKind, Message, Wish, brokers
from integration_hub.egress.connect import connect
from integration_hub.egress.door import Deadline, Login
from integration_hub.egress.kept import attach
from integration_hub.egress.redis_session import Declined, RedisSession
from integration_hub.lib.errors import ConnectionFailed, ValidationFailed

COMMAND_S = 30.0
BLOCK_MS = 1_000
TAKE_OVER_MS = 30_000
"""How long a message may rest with a member that does nothing before another takes it."""

_FIELDS = (b"body", b"data", b"event")


class RedisStream(Broker):
    def __init__(self, session: RedisSession, address: Address, wish: Wish) -> None:
        self._session, self._address, self._wish = session, address, wish
        self._own = True  # what this member was given before it died comes first

    def prepare(self) -> None:
        try:
            self._say("XGROUP", "CREATE", self._wish.queue, self._wish.group, "0", "MKSTREAM")
        except Declined as declined:
            if declined.word != "BUSYGROUP":
                raise ConnectionFailed(f"Redis refused the group ({declined.word}).") from None

    def fetch(self) -> Sequence[Message]:
        if self._own:
            found = self._read("0", block=False)
            self._own = bool(found)
            if found:
                return found
        return self._taken_over() or self._read(">", block=True)

    def done(self, message: Message) -> None:
        self._say("XACK", self._wish.queue, self._wish.group, message.handle)

    def again(self, message: Message) -> None:
        """It stays with this member, who looks at its own first the next time.

        Having to wait is no death: only those count.
        """
        wish = self._wish
        self._say(
            *("XCLAIM", wish.queue, wish.group, wish.member, 0, message.handle),
            *("RETRYCOUNT", 0, "JUSTID"),
        )
        self._own = True

    def close(self) -> None:
        self._session.close()

    def _read(self, from_id: str, *, block: bool) -> list[Message]:
        wish = self._wish
        wait = ("BLOCK", BLOCK_MS) if block else ()
        answer = self._say(
            *("XREADGROUP", "GROUP", wish.group, wish.member, "COUNT", wish.prefetch),
            *(*wait, "STREAMS", wish.queue, from_id),
        )
        entries = answer[0][1] if answer else []
        return [self._message(entry, is_new=from_id == ">") for entry in entries]

    def _taken_over(self) -> list[Message]:
        wish = self._wish
        answer = self._say(
            *("XAUTOCLAIM", wish.queue, wish.group, wish.member, TAKE_OVER_MS, "0-0"),
            *("COUNT", wish.prefetch),
        )
        return [self._message(entry, is_new=False) for entry in answer[1] if entry]

    def _message(self, entry: Any, *, is_new: bool) -> Message:
        key, flat = entry[0], entry[1] or []
        fields = dict(zip(flat[::2], flat[1::2], strict=True))
        body = next((bytes(fields[name]) for name in _FIELDS if name in fields), b"")
        return Message(body, key, 1 if is_new else self._deliveries(key))

    def _deliveries(self, key: bytes) -> int:
        rows = self._say("XPENDING", self._wish.queue, self._wish.group, key, key, 1)
        return int(rows[0][3]) if rows else 1

    def _say(self, *words: Any) -> Any:
        attach(
            self._session.sock, self._address.host, self._address.port, deadline=Deadline(COMMAND_S)
        )
        return self._session.say(*words)


@brokers.register("redis_stream")
class RedisStreamKind(BrokerKind):
    schemes = ("redis", "rediss")
    ports = (6379, 6379)

    def check(self, address: Address) -> None:
        if address.path and not (address.path.isascii() and address.path.isdigit()):
            said = "The path of a Redis URL is a database's number, as in redis://host:6379/0."
            raise ValidationFailed(said)

    def open(self, address: Address, wish: Wish) -> Broker:
        sock = connect(
            address.host,
            address.port,
            deadline=Deadline(COMMAND_S),
            tls=address.tls,
        )
        try:
            login = Login(username=address.username, password=address.password)
            database = int(address.path or 0)
            broker = RedisStream(RedisSession(sock, database=database, login=login), address, wish)
            broker.prepare()
        except Declined as declined:
            sock.close()
            raise ConnectionFailed(f"Redis refused the login ({declined.word}).") from None
        except BaseException:
            sock.close()
            raise
        return broker
