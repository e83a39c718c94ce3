"""External systems that check who calls: what arrived is judged by the standard library
or another library, never by the code that signed it."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.raw_server import Peer, RawServer


@dataclass(frozen=True)
class Received:
    """One request as it came over the wire; header names are lower-case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    number: int
    certificate: dict | None = None

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]


@dataclass
class Said:
    """An answer, a JSON document unless said otherwise."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b'{"ok": true}'

    def raw(self) -> bytes:
        own = {"Content-Type": "application/json", "Content-Length": str(len(self.body))}
        lines = "".join(f"{name}: {value}\r\n" for name, value in (own | {**self.headers}).items())
        return f"HTTP/1.1 {self.status} Said\r\n{lines}\r\n".encode() + self.body


Judge = Callable[[Received], Said]


class Verifier:
    """A server on loopback whose `judge` answers each request; `received` are all of them."""

    def __init__(self, judge: Judge, tls: ssl.SSLContext | None = None) -> None:
        self.judge, self.tls = judge, tls
        self.received: list[Received] = []
        self.server = RawServer(self._serve)
        self.url = self.server.url.replace("http:", "https:" if tls else "http:")

    def _serve(self, peer: Peer) -> None:
        with contextlib.suppress(ssl.SSLError):
            if self.tls is not None:
                peer.sock = self.tls.wrap_socket(peer.sock, server_side=True)
            while raw := peer.request():
                certificate = peer.sock.getpeercert() if self.tls is not None else None
                self.received.append(_parsed(raw, len(self.received) + 1, certificate))
                peer.say(self.judge(self.received[-1]).raw())


def _parsed(raw: bytes, number: int, certificate: dict | None) -> Received:
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("utf-8").split("\r\n")
    method, target, _ = first.split(" ")
    headers = {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    return Received(method, target, headers, body, number, certificate)
