"""A small memory of one process: so many things, for so long; the least recently used goes."""

from __future__ import annotations

import os
from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

from integration_hub.lib import clock

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(Generic[K, V]):
    """Safe between threads; a forked child starts with an empty one."""

    def __init__(self, *, items: int, seconds: float) -> None:
        self._items, self._seconds = items, seconds
        self._renew()
        os.register_at_fork(after_in_child=self._renew)

    def _renew(self) -> None:
        """A lock may be held, at the fork, by a thread that the child does not have."""
        self._lock = Lock()
        self._found: dict[K, tuple[float, V]] = {}

    def get(self, key: K) -> V | None:
        """What is kept for `key` and not yet too old."""
        with self._lock:
            found = self._found.pop(key, None)
            if found is None or found[0] <= clock.monotonic():
                return None
            self._found[key] = found
            return found[1]

    def put(self, key: K, value: V) -> V:
        with self._lock:
            self._found.pop(key, None)
            self._found[key] = (clock.monotonic() + self._seconds, value)
            while len(self._found) > self._items:
                del self._found[next(iter(self._found))]
        return value

    def forget(self, key: K) -> None:
        with self._lock:
            self._found.pop(key, None)

    def __len__(self) -> int:
        return len(self._found)
