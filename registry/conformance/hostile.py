"""Servers on loopback that are none: silent, cutting, flooding, dripping, talking nonsense."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

HOST = "127.0.0.1"
_PIECE = 64 * 1024
_NONSENSE = random.Random(5).randbytes(4096)  # noqa: S311  # nosec B311 - noise


@dataclass
class Server:
    """What became of it: `connections` made, bytes `received` and `written`."""

    port: int = 0
    connections: int = 0
    received: int = 0
    written: int = 0
    stopped: threading.Event = field(default_factory=threading.Event)


Behaviour = Callable[[socket.socket, Server], None]


def silent(sock: socket.socket, server: Server) -> None:
    """Takes all, says nothing."""
    while piece := sock.recv(_PIECE):
        server.received += len(piece)


def cuts(sock: socket.socket, server: Server) -> None:
    """Takes the first bytes, then resets the connection."""
    server.received += len(sock.recv(_PIECE))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def nonsense(sock: socket.socket, server: Server) -> None:
    """Answers bytes of no protocol, and ends."""
    _say(sock, server, _NONSENSE)


def floods(sock: socket.socket, server: Server) -> None:
    """Answers without end."""
    while not server.stopped.is_set():
        _say(sock, server, b"a" * _PIECE)


def drips(sock: socket.socket, server: Server) -> None:
    """Answers a byte at a time, so that no single read is ever late."""
    while not server.stopped.wait(0.05):
        _say(sock, server, b"2")


@contextmanager
def serving(behaviour: Behaviour) -> Iterator[Server]:
    """A server of this kind, gone with the block."""
    with socket.create_server((HOST, 0)) as listener:
        server = Server(port=listener.getsockname()[1])
        held: list[socket.socket] = []
        threading.Thread(
            target=_accept, args=(listener, behaviour, server, held), daemon=True
        ).start()
        try:
            yield server
        finally:
            server.stopped.set()
            for sock in (listener, *held):
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)


def closed_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server((HOST, 0)) as listener:
        return int(listener.getsockname()[1])


def _accept(
    listener: socket.socket, behaviour: Behaviour, server: Server, held: list[socket.socket]
) -> None:
    with contextlib.suppress(OSError):
        while not server.stopped.is_set():
            sock, _ = listener.accept()
            server.connections += 1
            held.append(sock)
            threading.Thread(target=_serve, args=(sock, behaviour, server), daemon=True).start()


def _serve(sock: socket.socket, behaviour: Behaviour, server: Server) -> None:
    with contextlib.suppress(OSError), sock:
        behaviour(sock, server)


def _say(sock: socket.socket, server: Server, raw: bytes) -> None:
    sock.sendall(raw)
    server.written += len(raw)
