"""`?wait=`: answer as soon as the execution is final, without taking all web threads."""

from __future__ import annotations

import threading
from uuid import UUID

from django.conf import settings

from executor.choices import FINAL
from executor.models import Execution
from integration_hub.lib import clock

MAX_WAIT_S = 60
_FIRST_LOOK_S, _SLOWEST_LOOK_S = 0.1, 0.25

_lock = threading.Lock()
_waiting = 0


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


def _is_final(execution_id: UUID) -> bool:
    status = Execution.objects.filter(pk=execution_id).values_list("status", flat=True).first()
    return status is None or status in FINAL
