"""`?wait=`: answer as soon as the execution is final, without taking all web threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from uuid import UUID

from django.conf import settings

from executor.choices import FINAL
from executor.models import Execution
from integration_hub.lib import clock

MAX_WAIT_S = 60
_FIRST_LOOK_S, _SLOWEST_LOOK_S = 0.1, 0.25

_lock = threading.Lock()
_waiting = 0
_told: Callable[[], bool] = bool  # false: outside of a web process nothing says so


def until_final(execution_id: UUID, seconds: float) -> None:
    """Return when the row is final, after `seconds`, or at once when too many wait already."""
    seat = Seat()
    try:
        if not seat.taken:
            return
        end, step = clock.monotonic() + seconds, _FIRST_LOOK_S
        while not _is_final(execution_id):
            left = end - clock.monotonic()
            if left <= 0:
                return
            clock.sleep(min(step, left))
            step = min(step * 1.3, _SLOWEST_LOOK_S)
    finally:
        seat.leave()


def seats() -> int:
    """How many threads of this process may wait: a quarter of those that serve."""
    return max(1, int(settings.HUB_WEB_THREADS) // 4)


class Seat:
    """One of the threads that may wait or stream; `taken` is False when all are in use."""

    def __init__(self) -> None:
        global _waiting  # noqa: PLW0603 - one count a process is the point
        with _lock:
            self.taken = _waiting < seats()
            _waiting += self.taken

    def leave(self) -> None:
        """Give it back; more than once does no harm."""
        global _waiting  # noqa: PLW0603
        with _lock:
            _waiting -= self.taken
            self.taken = False


class Seated:
    """An iterator that gives its seat back when it ends, or when nobody reads on."""

    def __init__(self, lines: Iterator[bytes], seat: Seat) -> None:
        self._lines, self._seat = lines, seat

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._lines
        finally:
            self.close()

    def close(self) -> None:
        """Called by Django too, when the response was never read."""
        self._seat.leave()


def ends_when(told: Callable[[], bool]) -> None:
    """What says that this process is about to stop: no stream holds it up."""
    global _told  # noqa: PLW0603 - one answer a process is the point
    _told = told


def is_ending() -> bool:
    """Whether streams have to end now."""
    return _told()


def _is_final(execution_id: UUID) -> bool:
    status = Execution.objects.filter(pk=execution_id).values_list("status", flat=True).first()
    return status is None or status in FINAL
