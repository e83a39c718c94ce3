"""An end of TLS in front of a server that speaks none: what it decrypts goes on to a port."""

from __future__ import annotations

import contextlib
import selectors
import socket

from tests.certificates import Authority
from tests.raw_server import Peer, RawServer


def carry(near: socket.socket, far: socket.socket) -> None:
    """Bytes both ways until one side ends."""
    with selectors.DefaultSelector() as ready, contextlib.suppress(OSError):
        for sock, other in ((near, far), (far, near)):
            ready.register(sock, selectors.EVENT_READ, other)
        while True:
            for key, _ in ready.select(10):
                sock, other = key.fileobj, key.data
                while True:
                    piece = sock.recv(65536)
                    if not piece:
                        return
                    other.sendall(piece)
                    if not getattr(sock, "pending", int)():
                        break


class TlsEnd:
    """With a certificate for `name`; `hello` is said in clear before, and `answer` to it."""

    def __init__(
        self, authority: Authority, name: str, port: int, *, hello: int = 0, answer: bytes = b""
    ) -> None:
        context = authority.context(name)

        def serve(peer: Peer) -> None:
            if hello:
                peer.sock.recv(hello)
                peer.say(answer)
            with (
                context.wrap_socket(peer.sock, server_side=True) as near,
                socket.create_connection(("127.0.0.1", port)) as far,
            ):
                carry(near, far)

        self._server = RawServer(serve)
        self.port = self._server.port

    @property
    def connections(self) -> int:
        return self._server.connections

    def __enter__(self) -> TlsEnd:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()
