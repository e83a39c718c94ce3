"""A request whose answer must not be lost, although its caller may have no time left for it.

A provider that rotates refresh tokens has changed its mind once it was asked: so the
request runs to its own end, and what comes is stored even when nobody waits any more.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from functools import partial
from typing import Generic, TypeVar

from django.db import connections

from credentials.choices import Reason
from credentials.errors import NotAcquired
from integration_hub.egress.door import Deadline
from integration_hub.lib import log

AT_ONCE = 64
_STEP = 0.25  # seconds between two looks at the caller's deadline and cancel flag

_places = threading.BoundedSemaphore(AT_ONCE)
_logger = log.get(__name__)

T = TypeVar("T")


class Handover(Generic[T]):
    """Runs `ask` in a thread of its own. `settle` gets its result or failure where the caller
    has gone; else the caller does, who has the transaction and the connection."""

    def __init__(
        self, ask: Callable[[], T], settle: Callable[[T | None, BaseException | None], object]
    ) -> None:
        self._ask, self._settle = ask, settle
        self._lock = threading.Lock()
        self._abandoned = False
        self._end: Future[T] = Future()

    def run(self, deadline: Deadline) -> T:
        """Raises what `ask` raises; TimedOut and Cancelled when the caller's time is over."""
        if not _places.acquire(blocking=False):
            raise NotAcquired(
                Reason.UNAVAILABLE, "too many refreshes are under way; try again.", sent=False
            )
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(self._work,), name="refresh").start()
        while not wait([self._end], _STEP).done:
            if deadline.cancelled or deadline.remaining() <= 0:
                self._leave(deadline)
        return self._end.result()

    def _leave(self, deadline: Deadline) -> None:
        with self._lock:
            if self._end.done():
                return
            self._abandoned = True
        deadline.check(sent=False)

    def _work(self) -> None:
        try:
            try:
                result = self._ask()
            finally:
                _places.release()
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits, or logged
            self._hand_over(
                partial(self._end.set_exception, error), partial(self._settle, None, error)
            )
        else:
            self._hand_over(
                partial(self._end.set_result, result), partial(self._settle, result, None)
            )

    def _hand_over(self, end: Callable[[], None], settle: Callable[[], object]) -> None:
        with self._lock:
            end()
            alone = self._abandoned
        if not alone:
            return
        try:
            settle()
        except Exception:
            _logger.exception("refresh_not_stored")
        finally:
            connections.close_all()
