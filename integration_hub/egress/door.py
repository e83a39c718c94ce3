"""The frozen data that passes through the doors of egress."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from integration_hub.lib import clock
from integration_hub.lib.errors import Cancelled, TimedOut


class Deadline:
    """A point on the monotonic clock that everything below must be done by.

    `cancel` is seen by a blocked read at least once a second.
    """

    __slots__ = ("_at", "_cancelled")

    def __init__(self, seconds: float, *, cancelled: threading.Event | None = None) -> None:
        self._at = clock.monotonic() + seconds
        self._cancelled = cancelled or threading.Event()

    def remaining(self) -> float:
        """Seconds left, never below 0."""
        return max(0.0, self._at - clock.monotonic())

    def tightened(self, seconds: float) -> Deadline:
        """The nearer of this deadline and `seconds` from now; shares the cancel flag."""
        return Deadline(min(seconds, self.remaining()), cancelled=self._cancelled)

    def cancel(self) -> None:
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    def check(self, *, sent: bool) -> float:
        """Seconds left. Raises Cancelled or TimedOut(sent=sent) when there are none."""
        if self.cancelled:
            raise Cancelled("The execution was cancelled while it ran.", sent=sent)
        left = self.remaining()
        if left <= 0:
            raise TimedOut("The deadline passed before the answer was complete.", sent=sent)
        return left


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request as it will leave: absolute URL, final headers, encoded body."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Signed:
    """A request with its credential on. `secrets` are the values to mask everywhere.

    `answer_challenge` is asked at most once, when the answer is a 401 of the origin
    that the request was for, and gives what to send instead, or None.
    """

    request: HttpRequest
    secrets: tuple[str, ...] = ()
    answer_challenge: Challenged | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, repr=False)
class Login:
    """What a client of a protocol that is not HTTP shows to get in; its repr shows nothing.

    A part that the credential does not have is empty. `token` is a bearer token or a
    key, `private_key` is PEM or OpenSSH text, under `passphrase` where it has one.
    `secrets` are the values to mask everywhere.
    """

    username: str = ""
    password: str = ""
    token: str = ""
    private_key: str = ""
    passphrase: str = ""
    secrets: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "Login(***)"


@dataclass(frozen=True, slots=True)
class TlsOptions:
    """What one instance says of TLS; all texts are PEM. None of them means the public authorities.

    `authorities` are trusted beside those. `certificate` and `private_key` show the
    hub to a server that asks who calls. `verify` is False only where a superuser
    switched it off.
    """

    authorities: str = ""
    certificate: str = ""
    private_key: str = field(default="", repr=False)
    verify: bool = True


class Spool(Protocol):
    """Takes a body that is too large, or no document, to be held in memory.

    `write` raises what should end the call; nothing it gets is kept elsewhere.
    """

    max_bytes: int

    def wants(self, status: int, fields: Mapping[str, str]) -> bool:
        """Whether the answer with this head goes there."""

    def begin(self) -> None: ...

    def write(self, piece: bytes) -> None: ...

    def end(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds by phase; a phase that a kept connection skipped is 0."""

    dns_ms: float = 0.0
    connect_ms: float = 0.0
    tls_ms: float = 0.0
    wait_ms: float = 0.0
    read_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back. `content` is decoded (gzip and deflate are undone) and capped.

    `headers` have lower-case names, a repeated one joined by commas. `request` is
    what was sent, credential included: mask before it is kept. `spooled`: the body
    went to the call's spool, and `content` is empty.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes
    request: HttpRequest
    wire_bytes: int = 0
    reused: bool = False
    timings: Timings = Timings()
    spooled: bool = False

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "")


Signer = Callable[[HttpRequest], Signed]
Challenged = Callable[[HttpAnswer], Signed | None]
