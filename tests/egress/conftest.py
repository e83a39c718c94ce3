"""Raw upstreams that say what they are told, byte for byte, and a record of every connect."""

from __future__ import annotations

import contextlib
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from integration_hub.egress import http, resolve, tls
from integration_hub.egress.door import Deadline, HttpAnswer, HttpRequest
from tests.certificates import Authority
from tests.raw_server import Peer, RawServer

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"


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


def echo(peer: Peer) -> None:
    while piece := peer.sock.recv(65536):
        peer.say(piece)


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
_strangers: set[int] = set()


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and _connects and threading.get_ident() not in _strangers:
        _connects[-1].append(arguments[1])


sys.addaudithook(_audit)


@pytest.fixture
def connects() -> Iterator[list[Any]]:
    """Every address that this process tries to connect to, as the interpreter reports it.

    Not what threads do that earlier tests left behind, such as a session that reconnects.
    """
    seen: list[Any] = []
    _strangers.clear()
    _strangers.update(thread.ident or 0 for thread in threading.enumerate())
    _strangers.discard(threading.get_ident())
    _connects.append(seen)
    yield seen
    _connects.remove(seen)


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def trusted(authority, monkeypatch):
    """The machine's operator installed our authority."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    tls.context.cache_clear()
    yield authority
    tls.context.cache_clear()


@pytest.fixture
def secure(serve):
    """`secure(context, handler)`: a TLS server; returns it, with an https `url`."""

    def start(context: ssl.SSLContext, handler):
        def wrapped(peer: Peer) -> None:
            with contextlib.suppress(ssl.SSLError):
                peer.sock = context.wrap_socket(peer.sock, server_side=True)
                handler(peer)
                peer.sock.settimeout(0.2)  # a client that keeps the connection says no goodbye
                with contextlib.suppress(OSError):
                    peer.sock.unwrap()

        server = serve(wrapped)
        server.url = server.url.replace("http:", "https:")
        return server

    return start
