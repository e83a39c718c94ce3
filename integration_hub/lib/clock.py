"""The injected clock for policy decisions (windows, waits, expiry of tokens).

It is the machine's, set right by the database's when they are apart: hosts must agree
when a state or a token ends. Leases and due times ask the database itself.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Protocol

NOISE = timedelta(seconds=1)
"""A difference that is as likely one of the measurement."""

_ahead = timedelta()


class Clock(Protocol):
    def now(self) -> datetime:
        """The time of day, aware, in UTC."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; never goes back."""

    def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC) + _ahead

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))


class FakeClock:
    """A clock that moves only when told to; `sleep` moves it."""

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start or datetime(2026, 1, 1, tzinfo=UTC)
        self._monotonic = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)


_current: Clock = SystemClock()


def now() -> datetime:
    return _current.now()


def monotonic() -> float:
    return _current.monotonic()


def sleep(seconds: float) -> None:
    _current.sleep(seconds)


def set_right(shared: datetime, machine: datetime) -> None:
    """At the moment that this machine calls `machine`, the clock that all hosts share said so."""
    global _ahead  # noqa: PLW0603 - one clock a process is the point
    apart = shared - machine
    _ahead = timedelta() if abs(apart) < NOISE else apart


def ahead() -> timedelta:
    """How far `now` is ahead of the machine's own clock."""
    return _ahead if is_real() else timedelta()


def rfc3339(moment: datetime) -> str:
    """As every answer and event writes a time: UTC, ending in Z."""
    return moment.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


def is_real() -> bool:
    """Whether time is the machine's own. Then a shared store may go by its own clock instead."""
    return isinstance(_current, SystemClock)


@contextmanager
def use(clock: Clock) -> Iterator[Clock]:
    """Run the block on `clock`, in every thread of this process."""
    global _current  # noqa: PLW0603 - one clock a process is the point
    previous, _current = _current, clock
    try:
        yield clock
    finally:
        _current = previous
