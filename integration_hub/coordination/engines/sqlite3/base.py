"""Django's SQLite, with the writers of a process queueing instead of polling.

SQLite lets one write at a time, and the others look again after 1, 2, 5 … 100 ms.
Sixteen threads that do so sleep most of their time. Here they wait for a lock
that wakes the next one at once, and only processes poll for each other.
"""

from __future__ import annotations

import os
import threading
from typing import Any

from django.db.backends.sqlite3 import base

_writers = threading.Lock()


def _renew() -> None:
    """The thread that held the lock when this process was forked is not in it."""
    global _writers  # noqa: PLW0603 - one lock a process is the point
    _writers = threading.Lock()


os.register_at_fork(after_in_child=_renew)


_Django: Any = base.DatabaseWrapper  # its types leave out how a transaction begins and ends


class DatabaseWrapper(_Django):  # type: ignore[misc]  # as said there
    """A transaction holds the lock from BEGIN IMMEDIATE to its end."""

    _held: threading.Lock | None = None

    def _start_transaction_under_autocommit(self) -> None:
        self._take()
        try:
            super()._start_transaction_under_autocommit()
        except BaseException:
            self._give()
            raise

    def _commit(self) -> Any:
        done = super()._commit()
        self._give()
        return done

    def _rollback(self) -> Any:
        try:
            return super()._rollback()
        finally:
            self._give()

    def _close(self) -> Any:
        try:
            return super()._close()
        finally:
            self._give()

    def _take(self) -> None:
        # After that time SQLite itself says that the database is locked.
        timeout = float(self.settings_dict["OPTIONS"].get("timeout", 5))
        if self._held is None and _writers.acquire(timeout=timeout):
            self._held = _writers

    def _give(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            held.release()
