"""The third door: a loopback port, for clients that take no socket.

The connection outside is made and judged first; then one local connection is
accepted and carried over it. TLS, if any, is spoken by the client, for the name of
the host that it means: the tunnel carries bytes.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from integration_hub.egress.call import SLICE
from integration_hub.egress.connect import CONNECT_TIMEOUT, connect
from integration_hub.egress.door import Deadline
from integration_hub.egress.sockets import DeadlineSocket
from integration_hub.lib.errors import HubError

LOOPBACK = "127.0.0.1"
PIECE = 64 * 1024  # bytes held for a side that does not read


class Tunnel:
    """`host` and `port` are what the client connects to, once.

    `error` is what ended it before its time: the deadline, a cancel, the cap; `closed`
    is set when it has ended.
    """

    host = LOOPBACK

    def __init__(self, remote: DeadlineSocket) -> None:
        self.error: HubError | None = None
        self.closed = threading.Event()
        self._remote = remote
        self._listener = socket.create_server((LOOPBACK, 0), backlog=1)
        self._wake, self._alarm = socket.socketpair()
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run, name="tunnel", daemon=True)
        self._thread.start()

    @property
    def sent(self) -> bool:
        """Whether a byte of the client may have left."""
        return self._remote.call is not None and self._remote.call.sent

    def close(self) -> None:
        """End it at once; returns when its thread holds no socket any more."""
        with contextlib.suppress(OSError), self._alarm:
            self._alarm.send(b"x")
        self._thread.join()

    def _run(self) -> None:
        try:
            with self._wake, self._remote, self._accepted() as local:
                self._carry(local)
        except HubError as error:
            self.error = error
        except (OSError, _Closed):
            pass  # the client sees its connection end
        finally:
            self.closed.set()

    def _accepted(self) -> socket.socket:
        """The one client; nobody else finds the port open after it."""
        with self._listener, selectors.DefaultSelector() as ready:
            ready.register(self._listener, selectors.EVENT_READ)
            ready.register(self._wake, selectors.EVENT_READ)
            while not (events := ready.select(self._slice())):
                pass
            if any(key.fileobj is self._wake for key, _ in events):
                raise _Closed
            return self._listener.accept()[0]

    def _carry(self, local: socket.socket) -> None:
        self._remote.setblocking(False)
        local.setblocking(False)
        flows = (_Flow(local, self._remote), _Flow(self._remote, local))
        with selectors.DefaultSelector() as ready:
            ready.register(self._wake, selectors.EVENT_READ)
            while not all(flow.done for flow in flows):
                _watch(ready, flows)
                events = ready.select(self._slice())
                if any(key.fileobj is self._wake for key, _ in events):
                    raise _Closed
                for flow in flows:
                    flow.step()

    def _slice(self) -> float:
        call = self._remote.call
        return call.slice() if call is not None else SLICE


class _Closed(Exception):
    """The caller has left the block."""


class _Flow:
    """One direction; reads only what it may hold."""

    def __init__(self, source: socket.socket, sink: socket.socket) -> None:
        self.source, self.sink = source, sink
        self.held = b""
        self.ended = self.done = False

    @property
    def reads(self) -> bool:
        return not self.held and not self.ended

    def step(self) -> None:
        """Move what can be moved now. Raises OSError, ResponseTooLarge."""
        with contextlib.suppress(BlockingIOError):
            if self.reads:
                self.held = socket.socket.recv(self.source, PIECE)
                self.ended = not self.held
                self._account(received=len(self.held))
            if self.held:
                count = socket.socket.send(self.sink, self.held)
                self.held = self.held[count:]
                self._account(sent=count)
        if self.ended and not self.held and not self.done:
            self.done = True
            self.sink.shutdown(socket.SHUT_WR)

    def _account(self, *, sent: int = 0, received: int = 0) -> None:
        """Only the far side counts: past the client's own socket nothing has left."""
        if isinstance(self.source, DeadlineSocket) and self.source.call is not None:
            self.source.call.took(received)
        elif isinstance(self.sink, DeadlineSocket) and self.sink.call is not None and sent:
            self.sink.call.sent = True


def _watch(ready: selectors.BaseSelector, flows: tuple[_Flow, _Flow]) -> None:
    """Ask for just the events that would move something, or the loop would spin."""
    for sock in (flows[0].source, flows[1].source):
        wanted = 0
        for flow in flows:
            wanted |= selectors.EVENT_READ if flow.source is sock and flow.reads else 0
            wanted |= selectors.EVENT_WRITE if flow.sink is sock and flow.held else 0
        known = ready.get_map().get(sock.fileno())
        if wanted and known is None:
            ready.register(sock, wanted)
        elif wanted and known is not None:
            ready.modify(sock, wanted)
        elif known is not None:
            ready.unregister(sock)


@contextmanager
def tunnel(
    host: str,
    port: int,
    *,
    deadline: Deadline,
    connect_timeout: float = CONNECT_TIMEOUT,
    allowed_hosts: tuple[str, ...] = (),
    max_bytes: int | None = None,
) -> Iterator[Tunnel]:
    """A port on loopback that leads, once, to `host`; closed with the block or the deadline.

    What ends it early is raised when the block ends, in place of any error of the client. Raises
    TargetForbidden, ConnectionFailed(sent=False), TimedOut, Cancelled, ResponseTooLarge.
    """
    remote = connect(
        host,
        port,
        deadline=deadline,
        connect_timeout=connect_timeout,
        allowed_hosts=allowed_hosts,
        max_bytes=max_bytes,
    )
    assert isinstance(remote, DeadlineSocket)  # noqa: S101 - no TLS was asked for
    made = Tunnel(remote)
    try:
        yield made
    except Exception as error:
        made.close()
        if made.error is not None:
            raise made.error from error
        raise
    finally:
        made.close()
    if made.error is not None:  # a client may take what was cut off for the end
        raise made.error
