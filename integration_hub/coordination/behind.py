"""Rows that nobody waits for: written in batches, a moment after the answer that they tell of.

Only a web process that said `allow` writes later; everywhere else, inside a
transaction and when too many wait already, a row is written at once. What waits is
written when the process stops in order; one that is killed loses what it had not
written yet, at most `GATHER_S` of it while the database answers.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import groupby

from django.db import Error, InterfaceError, OperationalError, connection
from django.db.models import Model

from integration_hub.coordination.statement import write_together
from integration_hub.lib import log

Rows = Sequence[Model]

GATHER_S = 0.05
MAX_WAITING = 2_000
FLUSH_S = 1.0
KEPT_S = 60.0
CLOSE_S = 5.0
_RETRY_S = 0.25
_IDLE_S = 5.0
_SIZES = (32, 8, 1)
"""Few sizes are few texts, each of which is prepared once a connection."""

_log = log.get(__name__)


class Behind:
    """A queue and the thread that empties it, which lives only while there is work."""

    def __init__(self, *, allowed: bool = False) -> None:
        self.allowed = allowed
        self._changed = threading.Condition()
        self._waiting: deque[Rows] = deque()
        self._thread: threading.Thread | None = None
        self._put = self._done = 0
        self._hurry = self._closing = False

    def write(self, rows: Rows) -> None:
        if not self._queued(rows):
            write_together(inserts=rows)

    def flush(self) -> None:
        """Return when what waits now is written, or after a second."""
        if not self._waiting:
            return
        with self._changed:
            wanted, self._hurry = self._put, True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._done >= wanted, FLUSH_S)

    def close(self) -> None:
        """Write what waits; from now on everything is written at once."""
        with self._changed:
            self._closing = True
            thread = self._thread
            self._changed.notify_all()
        if thread is not None:
            thread.join(CLOSE_S)

    def _queued(self, rows: Rows) -> bool:
        if not self.allowed or connection.in_atomic_block:
            return False
        with self._changed:
            if self._closing or len(self._waiting) >= MAX_WAITING:
                return False
            self._waiting.append(rows)
            self._put += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="behind", daemon=True)
                self._thread.start()
            self._changed.notify_all()
        return True

    def _serve(self) -> None:
        while ready := self._next():
            for batch in _batches(ready):
                try:
                    self._store(batch)
                except Exception:  # noqa: BLE001 - said; what comes after it must still be written
                    _log.exception("behind.lost", rows=len(batch))
                self._written(len(batch))
        connection.close()

    def _next(self) -> list[Rows]:
        """What waits, after a moment in which more may come; nothing: the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing, _IDLE_S)
            if not self._waiting:
                self._thread = None
                return []
            self._changed.wait_for(self._is_due, GATHER_S)
            self._hurry = False
            return list(self._waiting)

    def _written(self, count: int) -> None:
        with self._changed:
            for _ in range(count):
                self._waiting.popleft()
            self._done += count
            self._changed.notify_all()

    def _is_due(self) -> bool:
        return self._hurry or self._closing or len(self._waiting) >= _SIZES[0]

    def _store(self, batch: list[Rows]) -> None:
        """Until the database takes it, for a minute at most."""
        # Neighbours of one model become one INSERT.
        rows = [row for same in zip(*batch, strict=True) for row in same]
        tries = KEPT_S / _RETRY_S
        while True:
            try:
                write_together(inserts=rows)
            except (OperationalError, InterfaceError) as error:
                connection.close()
                tries -= 1
                if tries <= 0:
                    raise
                _log.warning("behind.waits", rows=len(batch), reason=type(error).__name__)
                with self._changed:
                    self._changed.wait_for(lambda: False, _RETRY_S)
            except Error:
                if len(batch) == 1:
                    raise
                for single in batch:  # one that cannot be stored must not take the others along
                    self._alone(single)
                return
            else:
                return

    def _alone(self, rows: Rows) -> None:
        try:
            write_together(inserts=rows)
        except Error:
            _log.exception("behind.lost", rows=1)


def _batches(ready: list[Rows]) -> Iterator[list[Rows]]:
    """In their order, those with the same models together."""
    for _, alike in groupby(ready, lambda rows: [type(row) for row in rows]):
        left = list(alike)
        while left:
            size = next(size for size in _SIZES if size <= len(left))
            yield left[:size]
            del left[:size]


_behind = Behind()


def allow() -> None:
    """This process serves and stops in order: it may answer before it writes."""
    _behind.allowed = True
    atexit.register(close)


def is_allowed() -> bool:
    return _behind.allowed


def write(rows: Rows) -> None:
    """Insert `rows`, all or nothing, soon. Done at once it raises what the database does."""
    _behind.write(rows)


def flush() -> None:
    """What this process has answered can be read when this returns."""
    _behind.flush()


def close() -> None:
    _behind.close()


def _in_child() -> None:
    """What waits is the parent's, and so is its thread."""
    global _behind  # noqa: PLW0603 - one queue a process is the point
    _behind = Behind(allowed=_behind.allowed)


os.register_at_fork(after_in_child=_in_child)
