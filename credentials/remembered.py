"""What a process remembers between calls: parsed keys, nonces. Bounded, and lost on restart."""

from __future__ import annotations

import hashlib
import os
from threading import Lock
from typing import Any, Generic, TypeVar
from weakref import WeakSet

T = TypeVar("T")


def fingerprint(*texts: str) -> bytes:
    """A key to remember something under that does not hold the texts themselves."""
    found = hashlib.sha256()
    for text in texts:
        found.update(f"{len(text)} {text}".encode("utf-8", "surrogatepass"))
    return found.digest()


class Remembered(Generic[T]):
    """The last `size` things, the one not asked for the longest is dropped first."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.clear()
        _all.add(self)

    def clear(self) -> None:
        self._lock = Lock()
        self._items: dict[bytes, T] = {}

    def get(self, key: bytes) -> T | None:
        with self._lock:
            found = self._items.pop(key, None)
            if found is not None:
                self._items[key] = found
            return found

    def put(self, key: bytes, item: T) -> None:
        with self._lock:
            self._items.pop(key, None)
            self._items[key] = item
            if len(self._items) > self._size:
                del self._items[next(iter(self._items))]


_all: WeakSet[Remembered[Any]] = WeakSet()


def _renew() -> None:
    """A forked child starts with none: a lock may be held by a thread that it does not have."""
    for remembered in _all:
        remembered.clear()


os.register_at_fork(after_in_child=_renew)
