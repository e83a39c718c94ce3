"""Sockets with the deadline inside: no read, write or handshake outlives it.

Before each operation the time left is set in slices, so that an upstream that
sends a byte a second ends with the deadline, and a cancelled call is noticed.
"""

from __future__ import annotations

import errno
import os
import socket
import ssl
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from urllib3.util.wait import wait_for_write

from integration_hub.egress.addresses import Address
from integration_hub.egress.call import Call

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

T = TypeVar("T")

TLS_RECORD = 16 * 1024  # one write, one record: a peer can use no part of an unfinished one


class _Watched(socket.socket):
    """`call` is the exchange in progress; None while the connection is idle.

    `judged` is the address that the policy let through: the peer, or what a proxy
    was asked to connect to. A client library may set a timeout of its own, which
    then bounds each operation beside the deadline.
    """

    call: Call | None = None
    judged: Address | None = None
    patience: float | None = None

    def settimeout(self, value: float | None) -> None:
        self.patience = value
        super().settimeout(value)

    def _within(self, attempt: Callable[[], T]) -> T:
        if self.call is None:
            return attempt()
        if self.patience is not None:
            return self._patiently(attempt, self.patience)
        while True:
            super().settimeout(self.call.slice())
            try:
                return attempt()
            except TimeoutError as error:
                if error.errno is not None:  # the kernel gave up, not our slice
                    raise

    def _patiently(self, attempt: Callable[[], T], patience: float) -> T:
        assert self.call is not None  # noqa: S101 - by `_within`
        until = time.monotonic() + patience
        while True:
            left = until - time.monotonic()
            limit = self.call.slice()
            super().settimeout(max(0.0, min(limit, left)))
            try:
                return attempt()
            except TimeoutError as error:
                if error.errno is not None or left <= limit:
                    raise

    def _sent(self, count: int) -> int:
        if self.call is not None and count:
            self.call.sent = True
        return count

    def _took(self, count: int) -> None:
        if self.call is not None:
            self.call.took(count)


class DeadlineSocket(_Watched):
    """A TCP socket that belongs to one call at a time."""

    def connect(self, address: Any) -> None:
        self.setblocking(False)
        code = self.connect_ex(address)
        if code not in (0, errno.EINPROGRESS):
            raise OSError(code, os.strerror(code))
        while not wait_for_write(self, self.call.slice() if self.call else None):
            pass
        code = self.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, os.strerror(code))

    def recv_into(self, buffer: WriteableBuffer, nbytes: int = 0, flags: int = 0) -> int:
        inherited = super().recv_into
        count = self._within(lambda: inherited(buffer, nbytes, flags))
        self._took(count)
        return count

    def recv(self, bufsize: int, flags: int = 0) -> bytes:
        inherited = super().recv
        data = self._within(lambda: inherited(bufsize, flags))
        self._took(len(data))
        return data

    def send(self, data: ReadableBuffer, flags: int = 0) -> int:
        inherited = super().send
        return self._sent(self._within(lambda: inherited(data, flags)))

    def sendall(self, data: ReadableBuffer, flags: int = 0) -> None:
        with memoryview(data) as view, view.cast("B") as left:
            done = 0
            while done < len(left):
                done += self.send(left[done:], flags)


class DeadlineTLSSocket(ssl.SSLSocket, _Watched):
    """The same over TLS; made by an SSLContext whose `sslsocket_class` it is."""

    def do_handshake(self, block: bool = False) -> None:
        """`ssl` puts back the timeout that it finds, which is a slice of ours and no patience."""
        inherited, patience = super().do_handshake, self.patience
        try:
            self._within(lambda: inherited(block))
        finally:
            self.patience = patience

    def read(self, len: int = 1024, buffer: Any = None) -> Any:  # noqa: A002 - as in ssl
        inherited = super().read
        found: Any = self._within(lambda: inherited(len, buffer))
        self._took(found if isinstance(found, int) else found.__len__())
        return found

    def send(self, data: ReadableBuffer, flags: int = 0) -> int:
        inherited = super().send
        with memoryview(data) as view, view.cast("B") as whole:
            piece = whole[:TLS_RECORD]
            return self._sent(self._within(lambda: inherited(piece, flags)))
