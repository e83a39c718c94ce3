"""Scripts on plain connections to Redis: what a client library does around a command costs as
much again as the command.

redis-py opens a connection (TLS, password, database); from then on bytes that were
packed beforehand go out, and hiredis reads what comes back. A connection serves one
caller at a time and has at most one script under way on it.
"""

from __future__ import annotations

import hashlib
import os
import select
import time
from collections import deque
from functools import lru_cache
from typing import Any

import hiredis
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

# A store that does not answer must cost a call less than the call itself.
TIMEOUT_SECONDS = 0.1
# One that rested for longer may have been closed by the server meanwhile: look first.
_RESTED_SECONDS = 1.0
_BLOCK = 65536


class Script:
    def __init__(self, text: str) -> None:
        self.text = text.encode()
        self.sha = hashlib.sha1(self.text, usedforsecurity=False).hexdigest().encode()


class Command:
    """A script with its keys and those values that are the same for every call, packed once.

    The values that are not follow as `given`, `varying` of them.
    """

    __slots__ = ("_count", "_fixed", "_head", "_script")

    def __init__(self, script: Script, keys: list[str], fixed: list[Any], varying: int) -> None:
        self._script = script
        self._count = 3 + len(keys) + len(fixed) + varying
        self._fixed = b"".join(bulk(item) for item in (len(keys), *keys, *fixed))
        self._head = self._opened(b"EVALSHA", script.sha)

    def packed(self, given: bytes) -> bytes:
        return self._head + given

    def packed_whole(self, given: bytes) -> bytes:
        """For a server that does not have the script yet."""
        return self._opened(b"EVAL", self._script.text) + given

    def _opened(self, name: bytes, script: bytes) -> bytes:
        return b"*%d\r\n%b%b%b" % (self._count, bulk(name), bulk(script), self._fixed)


def bulk(value: Any) -> bytes:
    data = value if isinstance(value, bytes) else str(value).encode()
    return b"$%d\r\n%b\r\n" % (len(data), data)


class Line:
    """One open connection. Any fault closes it; it is then dropped, not given back."""

    __slots__ = ("_opened", "_reader", "_sock", "used_at")

    def __init__(self, client: Any) -> None:
        self._opened = client.connection_pool.make_connection()
        self._opened.connect()
        self._sock = self._opened._sock
        self._reader = hiredis.Reader(encoding="utf-8", errors="replace")
        self.used_at = 0.0

    def send(self, data: bytes) -> None:
        try:
            self._sock.sendall(data)
        except OSError as error:
            self.close()
            raise redis.exceptions.ConnectionError("not sent") from error

    def receive(self) -> Any:
        """The next answer, a ReplyError among them."""
        reader = self._reader
        try:
            while (answer := reader.gets()) is False:
                block = self._sock.recv(_BLOCK)
                if not block:
                    raise ConnectionResetError
                reader.feed(block)
        except (OSError, hiredis.ProtocolError) as error:
            self.close()
            raise redis.exceptions.ConnectionError(type(error).__name__) from error
        return answer

    def is_fresh(self, now: float) -> bool:
        """Whether it may be used: nothing waits on it, neither an answer nor an end."""
        if now - self.used_at < _RESTED_SECONDS:
            return True
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        return not poll.poll(0)

    def close(self) -> None:
        self._opened.disconnect()


class Sent:
    """A script under way; ask for its answer once, from the thread that sent it."""

    __slots__ = ("_command", "_given", "_line", "_lines")

    def __init__(self, lines: Lines, line: Line, command: Command, given: bytes) -> None:
        self._lines, self._line, self._command, self._given = lines, line, command, given

    def answer(self) -> Any:
        """Raises redis.exceptions.RedisError."""
        line = self._line
        found = line.receive()
        if isinstance(found, hiredis.ReplyError) and str(found).startswith("NOSCRIPT"):
            line.send(self._command.packed_whole(self._given))
            found = line.receive()
        self._lines.give_back(line)
        if isinstance(found, Exception):
            raise redis.exceptions.ResponseError(str(found))
        return found


class Lines:
    """The open connections of one process to one server: as many as were ever used at once."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._free: deque[Line] = deque()

    def send(self, command: Command, given: bytes) -> Sent:
        """Raises redis.exceptions.RedisError. Never sent a second time: it may have run."""
        line = self._take()
        line.send(command.packed(given))
        return Sent(self, line, command, given)

    def give_back(self, line: Line) -> None:
        line.used_at = time.monotonic()
        self._free.append(line)

    def _take(self) -> Line:
        now = time.monotonic()
        while True:
            try:
                line = self._free.pop()
            except IndexError:
                return Line(self._client)
            if line.is_fresh(now):
                return line
            line.close()


@lru_cache(maxsize=8)
def client(url: str) -> Any:
    """redis-py's own client, for what is not on the path of a call. No second try."""
    return redis.Redis.from_url(
        url,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )


@lru_cache(maxsize=8)
def lines(url: str) -> Lines:
    return Lines(client(url))


def forget() -> None:
    """Open every connection anew."""
    lines.cache_clear()
    client.cache_clear()


# A connection shared with the parent would mix up their answers.
os.register_at_fork(after_in_child=forget)
