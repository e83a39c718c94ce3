"""Whose turn it is to write: a lock among threads, and a locked file among processes.

The kernel frees both when a process dies, whatever killed it.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections import deque

# Most turns last less than a millisecond; SQLite would look again after 1, 2, 5 … 100 ms.
_PAUSE = 0.0005
_TOGETHER = 0.01
"""For so long the threads of one process follow each other before another process has its turn."""


class Turns:
    """The writers of one database file, as far as they run this code."""

    def __init__(self, path: str) -> None:
        self._lock = threading.Lock()
        self._file = os.open(f"{path}-turn", os.O_RDWR | os.O_CREAT, 0o600)
        self._waiting: deque[None] = deque()
        self._until: float | None = None  # the file is locked, to be handed on until then
        self._yields = False

    def take(self, seconds: float) -> bool:
        """Wait for a turn that long. False: none came, and nothing need be given back."""
        end = time.monotonic() + seconds
        if not self._lock.acquire(blocking=False) and not self._wait(seconds):
            return False
        if self._yields:  # who waits in another process looks meanwhile
            self._yields = False
            time.sleep(2 * _PAUSE)
        while not self._has_file():
            if time.monotonic() >= end:
                self._lock.release()
                return False
            time.sleep(_PAUSE)
        return True

    def give(self) -> None:
        over = self._until is None or time.monotonic() >= self._until
        if over or not self._waiting:
            self._until, self._yields = None, over and bool(self._waiting)
            fcntl.flock(self._file, fcntl.LOCK_UN)
        self._lock.release()

    def _wait(self, seconds: float) -> bool:
        self._waiting.append(None)
        found = self._lock.acquire(timeout=seconds)
        self._waiting.pop()
        if not found and self._lock.acquire(blocking=False):
            self.give()  # it may have been kept for this thread
        return found

    def forget(self) -> None:
        """Let go of what a fork inherited: the parent's lock must end with the parent."""
        os.close(self._file)

    def _has_file(self) -> bool:
        if self._until is not None:
            return True
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        self._until = time.monotonic() + _TOGETHER
        return True


_turns: dict[str, Turns] = {}
_making = threading.Lock()


def of(path: str) -> Turns:
    found = _turns.get(path)
    if found is None:
        with _making:
            found = _turns.get(path) or _turns.setdefault(path, Turns(path))
    return found


def _after_fork() -> None:
    global _making  # noqa: PLW0603 - the one that held it may not be in this process
    _making = threading.Lock()
    for each in _turns.values():
        each.forget()
    _turns.clear()


os.register_at_fork(after_in_child=_after_fork)
