"""External systems that answer as none should: what each says to a request, byte for byte."""

from __future__ import annotations

import gzip
import itertools
from collections.abc import Callable

from tests.raw_server import Peer

JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = JSON + b"Transfer-Encoding: chunked\r\n\r\n"
BOMB = gzip.compress(b" " * (100 * 1024 * 1024), 9)


def whole(body: bytes, kind: bytes = b"application/json", more: bytes = b"") -> bytes:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: " + kind + b"\r\n" + more
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


def says(raw: bytes) -> Callable[[Peer], None]:
    return lambda peer: peer.say(raw)


def endless(head: bytes, piece: bytes) -> Callable[[Peer], None]:
    def handler(peer: Peer) -> None:
        peer.say(head)
        for _ in itertools.count():
            peer.say(piece)

    return handler


def drips(head: bytes, piece: bytes = b"") -> Callable[[Peer], None]:
    """`head` at once; then `piece` again and again, a byte in a tenth of a second."""

    def handler(peer: Peer) -> None:
        peer.say(head)
        while not peer.stop.is_set():
            peer.drip(piece)

    return handler


# Promise 27: what never ends by itself.
SLOW: dict[str, Callable[[Peer], None]] = {
    "headers": lambda peer: peer.drip(JSON * 1000),
    "body": drips(JSON + b"Content-Length: 100000\r\n\r\n", b"."),
    "chunks": drips(CHUNKED, b"1\r\n.\r\n"),
    "silence": lambda peer: peer.hang(),
}

# Promises 27 and 49, F10: what the call ends with.
ANSWERS: dict[str, tuple[Callable[[Peer], None], str]] = {
    "an endless body": (endless(JSON + b"\r\n", b"x" * 65536), "RESPONSE_TOO_LARGE"),
    "endless chunks": (
        endless(CHUNKED, b"10000\r\n" + b"x" * 65536 + b"\r\n"),
        "RESPONSE_TOO_LARGE",
    ),
    "100 MB in a small gzip": (
        says(whole(BOMB, more=b"Content-Encoding: gzip\r\n")),
        "RESPONSE_TOO_LARGE",
    ),
    "two codings": (
        says(whole(gzip.compress(gzip.compress(b"{}")), more=b"Content-Encoding: gzip, gzip\r\n")),
        "RESPONSE_INVALID",
    ),
    "ten thousand headers": (
        says(b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % i for i in range(10_000))),
        "RESPONSE_TOO_LARGE",
    ),
    "a million headers": (
        endless(b"HTTP/1.1 200 OK\r\n", b"X-Header: y\r\n" * 10_000),
        "RESPONSE_TOO_LARGE",
    ),
    "a header of a megabyte": (
        says(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 1_000_000 + b"\r\n\r\n"),
        "RESPONSE_TOO_LARGE",
    ),
    "a flood of interim answers": (
        endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
        "RESPONSE_INVALID",
    ),
    "two lengths": (
        says(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 4\r\n\r\n{}{}"),
        "RESPONSE_INVALID",
    ),
    "a length that is none": (
        says(b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}"),
        "RESPONSE_INVALID",
    ),
    "no HTTP at all": (says(b"220 mail.example ESMTP\r\n"), "RESPONSE_INVALID"),
    "NaN": (says(whole(b'{"a": NaN}')), "RESPONSE_INVALID"),
    "a key twice": (says(whole(b'{"a": 1, "a": 2}')), "RESPONSE_INVALID"),
    "JSON of great depth": (says(whole(b"[" * 100_000 + b"]" * 100_000)), "RESPONSE_INVALID"),
    "a page of HTML called JSON": (says(whole(b"<h1>Sign in</h1>")), "RESPONSE_INVALID"),
    "a page of HTML": (says(whole(b"<h1>Sign in</h1>", b"text/html")), "RESPONSE_INVALID"),
    "bytes that are not its charset": (
        says(whole(b'{"a": "\xff\xfe"}', b"application/json; charset=utf-8")),
        "RESPONSE_INVALID",
    ),
    "a charset that does not exist": (
        says(whole(b'{"a": "\xe9"}', b"application/json; charset=klingon")),
        "RESPONSE_INVALID",
    ),
    "XML with a bomb of entities": (
        says(whole(b'<!DOCTYPE a [<!ENTITY b "x">]><a>&b;</a>', b"application/xml")),
        "RESPONSE_INVALID",
    ),
    "a reset": (lambda peer: peer.reset(), "CONNECTION_ERROR"),
    "nothing": (lambda peer: None, "CONNECTION_ERROR"),
    "half a head": (says(b"HTTP/1.1 200 OK\r\nContent-Ty"), "CONNECTION_ERROR"),
    "half a body": (says(JSON + b"Content-Length: 100\r\n\r\n{}"), "CONNECTION_ERROR"),
    "half of its chunks": (says(CHUNKED + b"2\r\n{}\r\n"), "CONNECTION_ERROR"),
}
