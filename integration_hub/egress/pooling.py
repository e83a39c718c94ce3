"""Connections of protocols that are not HTTP, kept for the next call of the same place.

Each serves one call at a time. A place is an address together with everything that a
connection was opened with, the credential included: a new secret never meets an old
connection. What fails in a call is closed, what rested too long is too.
"""

from __future__ import annotations

import os
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Generic, TypeVar

from integration_hub.egress import kept
from integration_hub.egress.door import Deadline, Login, TlsOptions
from integration_hub.egress.kept import GuardedSocket
from integration_hub.lib.errors import (
    Cancelled,
    ConcurrencyLimitExceeded,
    ConnectionFailed,
    HubError,
    TimedOut,
)

MAX_IDLE = 30.0  # seconds; then a server, or what stands between, may have forgotten it
MAX_AGE = 300.0  # seconds; a name that now means another address is followed by then
RESTED = 1.0  # seconds after which a connection is asked whether it still stands
MAX_PLACES = 200  # with something idle; the one that rested longest goes first
PATIENCE = 1.0  # seconds that a call waits for one of its place's connections
SLICE = 0.1


@dataclass(frozen=True, slots=True)
class Place:
    """Where a connection leads, and how it was opened (`key`, a digest). `size` bounds the
    connections of one process to it."""

    host: str
    port: int
    key: bytes
    size: int
    allowed_hosts: tuple[str, ...] = ()
    max_bytes: int | None = None


def key_of(*parts: str, login: Login, tls: TlsOptions | None) -> bytes:
    """A digest of what a connection is opened with; secrets cannot be read back from it."""
    shown = (login.username, login.password, login.token, login.private_key)
    secured: tuple[str, ...] = ("in clear",)
    if tls is not None:
        secured = (tls.authorities, tls.certificate, tls.private_key, str(tls.verify))
    found = sha256()
    for text in (*parts, *shown, *secured):
        found.update(f"{len(text)} {text}".encode())
    return found.digest()


class Kept(ABC):
    """A client of one protocol on a guarded socket."""

    opened_at = 0.0
    rested_at = 0.0
    usable = True
    """Whether another call may follow the one that is done."""

    @property
    @abstractmethod
    def sock(self) -> GuardedSocket:
        """What it speaks over."""

    @abstractmethod
    def ping(self) -> None:
        """One round trip that changes nothing. Raises anything if the connection is of no use."""

    @abstractmethod
    def close(self) -> None:
        """At once: nothing is said and nothing is waited for."""


K = TypeVar("K", bound=Kept)


class Pool(Generic[K]):
    """The connections of one adapter in this process."""

    def __init__(self) -> None:
        self._renew()
        os.register_at_fork(after_in_child=self._renew)

    def _renew(self) -> None:
        """A child of a fork starts with none: its parent still speaks over the old ones."""
        self._freed = threading.Condition()
        self._idle: dict[bytes, list[K]] = {}
        self._used: Counter[bytes] = Counter()

    @contextmanager
    def lent(self, place: Place, deadline: Deadline, make: Callable[[], K]) -> Iterator[K]:
        """A connection of `place` for this call alone: one that rests, or what `make` opens.

        It is kept when the block ends well, and closed when it raises. What goes wrong
        before the block is entered has `sent` False. Raises ConcurrencyLimitExceeded
        when all that the place may have are in use.
        """
        self._take_turn(place, deadline)
        try:
            found = self._ready(place, deadline, make)
            try:
                yield found
            except (TimedOut, ConnectionFailed, Cancelled) as error:
                error.sent = error.sent and _has_sent(found.sock)
                found.close()
                raise
            except BaseException:
                found.close()
                raise
            self._keep(place, found)
        finally:
            self._end_turn(place)

    def close(self) -> None:
        """Close what rests."""
        with self._freed:
            resting = [item for items in self._idle.values() for item in items]
            self._idle.clear()
        for item in resting:
            item.close()

    def _ready(self, place: Place, deadline: Deadline, make: Callable[[], K]) -> K:
        with _nothing_sent():
            while (found := self._rested(place)) is not None:
                if self._stands(found, place, deadline):
                    return found
            found = make()
            found.opened_at = time.monotonic()
            _attach(found, place, deadline)  # what it sent so far was not the call
            return found

    def _stands(self, item: K, place: Place, deadline: Deadline) -> bool:
        """Whether a rested connection is good for this call; it is closed where not."""
        try:
            _attach(item, place, deadline)
            if time.monotonic() - item.rested_at > RESTED:
                item.ping()
                _attach(item, place, deadline)
        except (Cancelled, TimedOut):
            item.close()
            raise
        except HubError as error:
            item.close()
            if not isinstance(error, ConnectionFailed):
                raise
            return False
        except Exception:  # noqa: BLE001 - whatever a library makes of a dead connection
            item.close()
            return False
        return True

    def _rested(self, place: Place) -> K | None:
        now = time.monotonic()
        with self._freed:
            expired = self._expired(now)
            resting = self._idle.get(place.key)
            found = resting.pop() if resting else None
            if not resting:
                self._idle.pop(place.key, None)
        for item in expired:
            item.close()
        if found is None or kept.is_quiet(found.sock):
            return found
        found.close()
        return self._rested(place)

    def _expired(self, now: float) -> list[K]:
        """Take out what rested or lived too long, of every place."""
        old: list[K] = []
        for key, items in list(self._idle.items()):
            good = [
                item
                for item in items
                if now - item.rested_at <= MAX_IDLE and now - item.opened_at <= MAX_AGE
            ]
            if len(good) < len(items):
                old += [item for item in items if item not in good]
                self._idle[key] = good
            if not good:
                del self._idle[key]
        return old

    def _keep(self, place: Place, item: K) -> None:
        if not item.usable:
            item.close()
            return
        kept.detach(item.sock)
        item.rested_at = time.monotonic()
        dropped: list[K] = []
        with self._freed:
            resting = self._idle.pop(place.key, [])
            self._idle[place.key] = [*resting, item]  # last: it is the one that rests least
            while len(self._idle) > MAX_PLACES:
                dropped += self._idle.pop(next(iter(self._idle)))
        for old in dropped:
            old.close()

    def _take_turn(self, place: Place, deadline: Deadline) -> None:
        until = time.monotonic() + PATIENCE
        with self._freed:
            while self._used[place.key] >= place.size:
                deadline.check(sent=False)
                if time.monotonic() >= until:
                    raise ConcurrencyLimitExceeded(
                        f"All {place.size} connections to {place.host} that this process may have "
                        "are in use: raise pool_size of the instance, or limit its calls with "
                        "max_concurrency.",
                        retry_after=PATIENCE,
                    )
                self._freed.wait(SLICE)
            self._used[place.key] += 1

    def _end_turn(self, place: Place) -> None:
        with self._freed:
            self._used[place.key] -= 1
            if not self._used[place.key]:
                del self._used[place.key]
            self._freed.notify()


def _attach(item: Kept, place: Place, deadline: Deadline) -> None:
    kept.attach(
        item.sock,
        place.host,
        place.port,
        deadline=deadline,
        allowed_hosts=place.allowed_hosts,
        max_bytes=place.max_bytes,
    )


def _has_sent(sock: GuardedSocket) -> bool:
    """Whether a byte of this call may have left."""
    return sock.call is not None and sock.call.sent


@contextmanager
def _nothing_sent() -> Iterator[None]:
    """A greeting and a login do nothing of what the call is for."""
    try:
        yield
    except (TimedOut, ConnectionFailed, Cancelled) as error:
        error.sent = False
        raise


def quietly(close: Callable[[], object]) -> None:
    """Run the `close` of a library that may want to say goodbye over what is gone."""
    with suppress(Exception):
        close()
