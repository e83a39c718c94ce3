"""Our requests adapter: prepared requests over guarded, pooled connections."""

from __future__ import annotations

import os
import ssl
import time
from dataclasses import dataclass
from typing import Any, cast

from requests.adapters import HTTPAdapter
from requests.models import PreparedRequest, Response

from integration_hub.egress import tls
from integration_hub.egress.body import read_body, stream_body
from integration_hub.egress.call import Call
from integration_hub.egress.connection import GuardedConnection, GuardedPool, GuardedTLSPool
from integration_hub.egress.door import TlsOptions
from integration_hub.egress.policy import Origin, Target
from integration_hub.egress.response import BoundedResponse
from integration_hub.lib.errors import ConnectionFailed

TARGETS = 64  # pools kept; the least recently used one is closed
CONNECTIONS = 64  # kept for one target


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its whole answer."""

    response: BoundedResponse
    content: bytes
    wire_bytes: int
    reused: bool
    spooled: bool = False


class GuardedAdapter(HTTPAdapter):
    """No proxies, no environment, no way to switch verification off."""

    def __init__(self) -> None:
        super().__init__(pool_connections=TARGETS, pool_maxsize=CONNECTIONS)
        self.poolmanager.pool_classes_by_scheme = {"http": GuardedPool, "https": GuardedTLSPool}

    def send(self, request: PreparedRequest, *_: Any, **__: Any) -> Response:
        """Closed: a Session would follow redirects and merge settings unjudged."""
        raise NotImplementedError("Send through integration_hub.egress.http.")

    def exchange(
        self,
        request: PreparedRequest,
        target: Target,
        call: Call,
        options: TlsOptions | None = None,
    ) -> Exchange:
        """Send, and read to the end. Raises the errors of `http.send`.

        A kept connection that proves closed before a byte left is replaced once;
        nothing is ever sent twice.
        """
        pool = self._pool(target.origin, options)
        try:
            return _attempt(pool, request, target, call, fresh=False)
        except _Stale:
            return _attempt(pool, request, target, call, fresh=True)

    def _pool(self, origin: Origin, options: TlsOptions | None) -> GuardedPool:
        """Connections are shared only by calls that ask the same of TLS."""
        own: dict[str, Any] | None = None
        if options is not None and origin.scheme == "https":
            own = {"ssl_context": tls.context_for(options)}
        found: Any = self.poolmanager.connection_from_host(
            origin.host, origin.port, origin.scheme, pool_kwargs=own
        )
        return cast(GuardedPool, found)


def _attempt(
    pool: GuardedPool, request: PreparedRequest, target: Target, call: Call, *, fresh: bool
) -> Exchange:
    connection: GuardedConnection = pool.take()
    reused = False
    try:
        if fresh:
            connection.close()
        reused = connection.attach(target.origin, call)
        done = _converse(connection, request, target, call, reused=reused)
    except OSError as error:
        connection.close()
        raise _translated(error, target.origin.host, call, reused=reused) from error
    except BaseException:
        connection.close()
        raise
    pool.give_back(connection)
    return done


class _Stale(Exception):
    """A kept connection was closed by the other side before a byte of the request left."""


def _converse(
    connection: GuardedConnection,
    request: PreparedRequest,
    target: Target,
    call: Call,
    *,
    reused: bool,
) -> Exchange:
    began = time.perf_counter()
    _send(connection, request, target, call)
    response = connection.answer()
    try:
        began = call.timed("wait", began)
        spool = call.spool
        spooled = spool is not None and spool.wants(response.status, response.fields)
        if spool is not None and spooled:
            content, wire_bytes = b"", stream_body(response, call, spool)
        else:
            content, wire_bytes = read_body(response, call)
        call.timed("read", began)
    finally:
        if not response.isclosed():
            response.close()
            connection.close()
    return Exchange(response, content, wire_bytes, reused, spooled)


def _send(
    connection: GuardedConnection, request: PreparedRequest, target: Target, call: Call
) -> None:
    """An upstream may answer and close before it read all: then its answer still counts."""
    body = cast("bytes | None", request.body)  # `prepare` makes no other
    try:
        connection.transmit(str(request.method), target.path, request.headers, body)
    except (BrokenPipeError, ConnectionResetError):
        if not call.sent:
            raise


def _translated(error: OSError, host: str, call: Call, *, reused: bool) -> Exception:
    if call.sent:
        return ConnectionFailed("The connection was closed before the answer was complete.")
    if reused:
        return _Stale()
    if isinstance(error, ssl.SSLError) and error.reason:
        return tls.failed(error, host)
    return ConnectionFailed(f"No connection to {host} was made.", sent=False)


class _Process:
    """The adapter of this process; a forked child starts with its own and touches no other."""

    def __init__(self) -> None:
        self.adapter = GuardedAdapter()
        self.inherited: list[GuardedAdapter] = []

    def renew(self) -> None:
        # Kept alive, never closed: its sockets and locks belong to the parent.
        self.inherited.append(self.adapter)
        self.adapter = GuardedAdapter()


_process = _Process()
os.register_at_fork(after_in_child=_process.renew)


def current() -> GuardedAdapter:
    return _process.adapter
