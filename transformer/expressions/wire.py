"""Messages between the hub and its worker process: two lengths, a JSON head, a body."""

from __future__ import annotations

import json
import struct
import time
from typing import Any, Protocol

_LENGTHS = struct.Struct(">II")
MAX_HEAD = 256 * 1024
MAX_BODY = 128 * 1024 * 1024
_PIECE = 1024 * 1024


class Link(Protocol):
    """One end of a socket pair."""

    def settimeout(self, seconds: float | None, /) -> None: ...
    def sendall(self, content: bytes, /) -> None: ...
    def recv(self, most: int, /) -> bytes: ...


class Broken(Exception):
    """The other side is gone, or does not speak this."""


def send(link: Link, head: dict[str, Any], body: bytes, ends: float | None = None) -> None:
    """`ends` is a moment of time.monotonic(). Raises Broken, and TimeoutError."""
    text = json.dumps(head).encode()
    _wait_until(link, ends)
    try:
        link.sendall(_LENGTHS.pack(len(text), len(body)) + text + body)
    except TimeoutError:
        raise
    except OSError as error:
        raise Broken(str(error)) from None


def receive(link: Link, ends: float | None = None) -> tuple[dict[str, Any], bytes]:
    """Raises Broken, and TimeoutError."""
    head, body = _LENGTHS.unpack(_exactly(link, _LENGTHS.size, ends))
    if head > MAX_HEAD or body > MAX_BODY:
        raise Broken("a message larger than any should be")
    text = _exactly(link, head, ends)
    try:
        return json.loads(text), _exactly(link, body, ends)
    except ValueError:
        raise Broken("a head that is no JSON") from None


def _exactly(link: Link, size: int, ends: float | None) -> bytes:
    if not size:
        return b""
    gathered = bytearray()
    while len(gathered) < size:
        _wait_until(link, ends)
        try:
            piece = link.recv(min(size - len(gathered), _PIECE))
        except TimeoutError:
            raise
        except OSError as error:
            raise Broken(str(error)) from None
        if not piece:
            raise Broken("the other side is gone")
        gathered += piece
    return bytes(gathered)


def _wait_until(link: Link, ends: float | None) -> None:
    if ends is None:
        return
    left = ends - time.monotonic()
    if left <= 0:
        raise TimeoutError
    link.settimeout(left)
