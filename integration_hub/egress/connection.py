"""urllib3's connections and pools, with every way to open a socket replaced by `dial`."""

from __future__ import annotations

import http.client
import time
from collections.abc import Mapping
from typing import Any, cast

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from integration_hub.egress import policy, tls
from integration_hub.egress.call import Call
from integration_hub.egress.dial import dial
from integration_hub.egress.policy import Origin
from integration_hub.egress.response import BoundedResponse
from integration_hub.egress.sockets import DeadlineSocket, DeadlineTLSSocket
from integration_hub.lib.errors import ConnectionFailed

ONE_WRITE = 64 * 1024  # head and body up to this size leave together
MAX_AGE = 300.0  # seconds; a name that now means another address is followed by then
MAX_IDLE = 30.0  # seconds; upstreams commonly close theirs sooner, and say so


class GuardedConnection(HTTPConnection):
    """One kept connection. It belongs to a call from `attach` until `detach`."""

    response_class = BoundedResponse
    sock: DeadlineSocket | DeadlineTLSSocket | None
    idle_since = 0.0
    opened_at = 0.0
    _held: list[bytes] | None = None

    def attach(self, origin: Origin, call: Call) -> bool:
        """Make ready for `call`; returns whether an open connection is reused."""
        now = time.monotonic()
        if now - self.idle_since > MAX_IDLE or now - self.opened_at > MAX_AGE:
            self.close()
        reused = self.sock is not None
        if self.sock is None:
            self.sock = self._open(origin, call)
            self.opened_at = time.monotonic()
            call.connect_within(None)
        else:
            # Settings may have changed since the connect, and an old yes is not a yes.
            assert self.sock.judged is not None  # noqa: S101 - by `dial`
            policy.permitted(origin, [self.sock.judged])
        self.sock.call = call
        return reused

    def detach(self) -> None:
        """Leave the connection idle for the next call."""
        if self.sock is not None:
            self.sock.call = None
        self.idle_since = time.monotonic()

    def transmit(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None
    ) -> None:
        """Send the request, in one write where it is small. Raises OSError."""
        held: list[bytes] = []
        self._held = held
        try:
            self.request(method, path, body=body, headers=headers)
        finally:
            self._held = None
        small = sum(len(piece) for piece in held) <= ONE_WRITE
        for piece in [b"".join(held)] if small else held:
            self.send(piece)

    def send(self, data: Any) -> None:
        if self._held is None:
            super().send(data)
        else:
            self._held.append(data)

    def answer(self) -> BoundedResponse:
        """The head of the answer. Reads around urllib3, which would log the URL's secrets."""
        response = http.client.HTTPConnection.getresponse(self)
        assert isinstance(response, BoundedResponse)  # noqa: S101 - by response_class
        return response

    def _open(self, origin: Origin, call: Call) -> DeadlineSocket | DeadlineTLSSocket:
        return dial(origin, call)

    def connect(self) -> None:
        """Never implicitly: a connection that was not judged for a call must not exist."""
        raise ConnectionFailed("The connection was closed before the request.", sent=False)


class GuardedTLSConnection(GuardedConnection, HTTPSConnection):
    """The same over TLS, verified for the host that the URL names."""

    def _open(self, origin: Origin, call: Call) -> DeadlineTLSSocket:
        raw = dial(origin, call)
        began = time.perf_counter()
        sock = tls.wrap(raw, origin.host, self.ssl_context or tls.context())
        call.timed("tls", began)
        return sock


class GuardedPool(HTTPConnectionPool):
    ConnectionCls: Any = GuardedConnection

    def take(self) -> GuardedConnection:
        """A connection, idle or new; an idle one that the other side closed or wrote to is shut."""
        return cast(GuardedConnection, self._get_conn())

    def give_back(self, connection: GuardedConnection) -> None:
        connection.detach()
        self._put_conn(connection)


class GuardedTLSPool(GuardedPool, HTTPSConnectionPool):
    ConnectionCls: Any = GuardedTLSConnection
