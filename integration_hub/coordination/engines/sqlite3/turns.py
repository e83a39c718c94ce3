"""Whose turn it is to write: a lock among threads, and a locked file among processes.

The kernel frees both when a process dies, whatever killed it.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time

# Most turns last less than a millisecond; SQLite would look again after 1, 2, 5 … 100 ms.
_PAUSE = 0.0002


class Turns:
    """The writers of one database file, as far as they run this code."""

    def __init__(self, path: str) -> None:
        self._lock = threading.Lock()
        self._file = os.open(f"{path}-turn", os.O_RDWR | os.O_CREAT, 0o600)

    def take(self, seconds: float) -> bool:
        """Wait for a turn that long. False: none came, and nothing need be given back."""
        end = time.monotonic() + seconds
        if not self._lock.acquire(timeout=seconds):
            return False
        while not self._is_first():
            if time.monotonic() >= end:
                self._lock.release()
                return False
            time.sleep(_PAUSE)
        return True

    def give(self) -> None:
        fcntl.flock(self._file, fcntl.LOCK_UN)
        self._lock.release()

    def forget(self) -> None:
        """Let go of what a fork inherited: the parent's lock must end with the parent."""
        os.close(self._file)

    def _is_first(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
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
