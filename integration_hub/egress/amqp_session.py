"""A connection to an AMQP 0-9-1 broker over the guarded socket, with one channel that confirms."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from amqp import Connection, Message, exceptions, sasl
from amqp.transport import AMQP_PROTOCOL_HEADER, SSLTransport

from integration_hub.egress.door import Login
from integration_hub.egress.kept import GuardedSocket
from integration_hub.egress.pooling import Kept, quietly
from integration_hub.lib.errors import ConnectionFailed, HubError

NOT_ALLOWED = 530


class Declined(Exception):
    """The broker said no: `code` and `text` are its own; at the login with `login`."""

    def __init__(self, code: int, text: str, *, login: bool = False) -> None:
        super().__init__(code, text)
        self.code, self.text, self.login = code, text, login


class Nacked(Exception):
    """The broker could not take the message."""


class _Transport(SSLTransport):  # type: ignore[misc]  # py-amqp has no types
    """On a socket that is there already, under TLS or not; its deadline is the socket's own."""

    def __init__(self, sock: GuardedSocket) -> None:
        super().__init__("guarded:0")
        self.sock = sock

    def _connect(self, host: str, port: int, timeout: float | None) -> None:
        """It is connected."""

    def _init_socket(self, *_: Any) -> None:
        self._quick_recv = self.sock.recv
        self._write = self.sock.sendall
        self._write(AMQP_PROTOCOL_HEADER)

    def _shutdown_transport(self) -> None:
        """No goodbye under TLS: it could wait for one."""

    @contextmanager
    def having_timeout(self, timeout: float | None) -> Iterator[GuardedSocket]:
        """`timeout` of 0 looks without waiting; the library's own way would leave one behind."""
        self.sock.settimeout(timeout)
        try:
            yield self.sock
        finally:
            self.sock.settimeout(None)


class _Client(Connection):  # type: ignore[misc]  # py-amqp has no types
    def __init__(self, sock: GuardedSocket, **options: Any) -> None:
        self._guarded = sock
        super().__init__(**options)

    def Transport(self, *_: Any, **__: Any) -> _Transport:  # noqa: N802 - py-amqp's name
        return _Transport(self._guarded)


class AmqpSession(Kept):
    """Logged in at `vhost`. Raises Declined, ConnectionFailed and what the socket raises."""

    def __init__(self, sock: GuardedSocket, *, host: str, vhost: str, login: Login) -> None:
        self._sock = sock
        self._returned: list[exceptions.ChannelError] = []
        way = sasl.PLAIN(login.username, login.password) if login.username else sasl.EXTERNAL()
        self._client = _Client(
            sock, host=host, virtual_host=vhost, authentication=(way,), heartbeat=0
        )
        with _told(login=True):
            self._client.connect()
            self._channel = self._client.channel()
            self._channel.confirm_select()
        self._channel.events["basic_return"].add(lambda error, *_: self._returned.append(error))

    @property
    def sock(self) -> GuardedSocket:
        return self._sock

    def ping(self) -> None:
        self._channel.flow(True)

    def close(self) -> None:
        quietly(self._sock.close)

    def get(self, queue: str) -> Any:
        """The next message of a queue, to be acknowledged; None when none waits."""
        with _told(login=False):
            return self._channel.basic_get(queue, no_ack=False)

    def ack(self, tag: int) -> None:
        with _told(login=False):
            self._channel.basic_ack(tag)

    def put_back(self, tag: int) -> None:
        """For someone to get it again."""
        with _told(login=False):
            self._channel.basic_reject(tag, requeue=True)

    def publish(self, message: Message, *, exchange: str, key: str, mandatory: bool) -> None:
        """Return when the broker has taken it, to disk where it is persistent.

        Raises Nacked, Declined (312 for what no queue wants), ConnectionFailed.
        """
        self._returned.clear()
        with _told(login=False):
            try:
                self._channel.basic_publish_confirm(
                    message, exchange=exchange, routing_key=key, mandatory=mandatory
                )
            except exceptions.MessageNacked:
                raise Nacked from None
        if self._returned:
            error = self._returned[0]
            raise Declined(error.reply_code, str(error.reply_text))


@contextmanager
def _told(*, login: bool) -> Iterator[None]:
    """py-amqp's errors as the hub's."""
    try:
        yield
    except exceptions.AMQPError as error:
        said_no = error.code in (exceptions.AccessRefused.code, NOT_ALLOWED)
        if (login and said_no) or isinstance(error, exceptions.ChannelError):
            raise Declined(error.code, str(error.reply_text), login=login) from None
        raise ConnectionFailed("The connection to the broker broke off.") from error
    except (HubError, Declined, Nacked):
        raise
    except Exception as error:  # a connection that ended, or bytes that are not AMQP's
        raise ConnectionFailed("The connection to the broker broke off.") from error
