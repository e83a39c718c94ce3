"""Raw upstreams that say what they are told, byte for byte, and a record of every connect."""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from integration_hub.egress import http, resolve
from integration_hub.egress.door import Deadline, HttpAnswer, HttpRequest

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"


class Peer:
    """The server's end of one connection."""

    def __init__(self, sock: socket.socket, stop: threading.Event, number: int) -> None:
        self.sock, self.stop, self.number = sock, stop, number

    def request(self) -> bytes:
        """One whole request; empty at the end of the connection."""
        raw = b""
        while b"\r\n\r\n" not in raw:
            piece = self.sock.recv(65536)
            if not piece:
                return b""
            raw += piece
        head, _, body = raw.partition(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                length = int(line[15:])
        while len(body) < length:
            body += self.sock.recv(65536)
        return head + b"\r\n\r\n" + body

    def say(self, raw: bytes) -> None:
        self.sock.sendall(raw)

    def drip(self, raw: bytes, pause: float = 0.1) -> None:
        for index in range(len(raw)):
            self.sock.sendall(raw[index : index + 1])
            if self.stop.wait(pause):
                return

    def hang(self) -> None:
        self.stop.wait(30)

    def reset(self) -> None:
        """Close with RST instead of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


class RawServer:
    """One thread a connection; `requests` are those that `Peer.request` read."""

    def __init__(self, handler: Callable[[Peer], None], host: str = "127.0.0.1") -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.listener = socket.create_server((host, 0), family=family)
        self.host, self.port = host, self.listener.getsockname()[1]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{self.port}"
        self.handler, self.stop = handler, threading.Event()
        self.connections = 0
        self.closed = threading.Semaphore(0)
        self.peers: list[socket.socket] = []
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self.listener.accept()
                self.connections += 1
                self.peers.append(sock)
                peer = Peer(sock, self.stop, self.connections)
                threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: Peer) -> None:
        with contextlib.suppress(OSError):
            self.handler(peer)
        with contextlib.suppress(OSError):
            peer.sock.close()
        self.closed.release()

    def close(self) -> None:
        self.stop.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for sock in self.peers:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def serve() -> Iterator[Callable[..., RawServer]]:
    """`serve(handler, host=…)`: a server whose handler gets a Peer for each connection."""
    servers: list[RawServer] = []

    def start(handler: Callable[[Peer], None], host: str = "127.0.0.1") -> RawServer:
        servers.append(RawServer(handler, host))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def says(serve) -> Callable[[bytes], RawServer]:
    """`says(raw)`: reads one request, answers these bytes and closes."""

    def start(raw: bytes) -> RawServer:
        def handler(peer: Peer) -> None:
            peer.request()
            peer.say(raw)

        return serve(handler)

    return start


def send(url: str, method: str = "GET", *, seconds: float = 5.0, **options: Any) -> HttpAnswer:
    headers, body = options.pop("headers", {}), options.pop("body", None)
    request = HttpRequest(method, url, headers, body)
    return http.send(request, deadline=options.pop("deadline", Deadline(seconds)), **options)


@pytest.fixture
def names(monkeypatch) -> dict[str, list[str]]:
    """The fake DNS: what it holds is what names resolve to; others do not exist."""
    zone: dict[str, list[str]] = {}

    def lookup(host: str) -> list[str]:
        if host not in zone:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return zone[host]

    monkeypatch.setattr(resolve, "lookup", lookup)
    return zone


_connects: list[list[Any]] = []


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and _connects:
        _connects[-1].append(arguments[1])


sys.addaudithook(_audit)


@pytest.fixture
def connects() -> Iterator[list[Any]]:
    """Every address that this process tries to connect to, as the interpreter reports it."""
    seen: list[Any] = []
    _connects.append(seen)
    yield seen
    _connects.remove(seen)
