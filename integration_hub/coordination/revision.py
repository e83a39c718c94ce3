"""Caches that cannot be stale: a number a family of data, raised with every change.

A reader takes one snapshot of all numbers a request and serves from memory
whatever was loaded at the same number; a writer raises the number in the
transaction of its change, so every process sees both at once.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Generic, TypeVar
from weakref import WeakSet

from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connection, connections

from integration_hub.coordination import prepared
from integration_hub.coordination.models import Revision

REGISTRY, CREDENTIALS, ACCESS = "registry", "credentials", "access"

_TABLE = Revision._meta.db_table
_SELECT = f'SELECT name, number FROM "{_TABLE}"'  # noqa: S608 - our own table's name
# The steps are random, so that a number seen inside a transaction which is rolled
# back later never comes again with other data behind it.
_BUMP = (
    f'INSERT INTO "{_TABLE}" (name, number) VALUES (%s, %s) '  # noqa: S608
    f'ON CONFLICT (name) DO UPDATE SET number = "{_TABLE}".number + excluded.number'
)
_MAX_STEP = 2**31

T = TypeVar("T")


class _Scope:
    __slots__ = ("numbers",)

    def __init__(self) -> None:
        self.numbers: Mapping[str, int] | None = None


_scope: ContextVar[_Scope | None] = ContextVar("revision_scope", default=None)
_caches: WeakSet[Cached[Any]] = WeakSet()


@contextmanager
def scope() -> Iterator[None]:
    """Inside, the numbers are read once: one request sees one state. Scopes nest as one."""
    if _scope.get() is not None:
        yield
        return
    token = _scope.set(_Scope())
    try:
        yield
    finally:
        _scope.reset(token)


def snapshot() -> Mapping[str, int]:
    """The number of every family; one statement, or none if this scope has read already."""
    current = _scope.get()
    if current is not None and current.numbers is not None:
        return current.numbers
    this = connections[DEFAULT_DB_ALIAS]
    numbers = _checked_read(this) if _is_unchecked(this) else _read()
    if current is not None:
        current.numbers = numbers
    return numbers


def _read() -> dict[str, int]:
    rows = prepared.fetch(DEFAULT_DB_ALIAS, _SELECT, [])
    return {prepared.str_of(name): int(number) for name, number in rows}


def _is_unchecked(this: Any) -> bool:
    """Whether nothing has shown in this request that the kept connection still works."""
    kept = this.connection is not None and not this.in_atomic_block
    return kept and this.health_check_enabled and not this.health_check_done


def _checked_read(this: Any) -> dict[str, int]:
    """Be the health check as well, which would be a round trip of its own.

    This statement is the first of most requests and does no harm twice.
    """
    this.health_check_done = True
    try:
        return _read()
    except (OperationalError, InterfaceError):
        this.close()
        return _read()


def bump(name: str) -> None:
    """Say that family `name` has changed; call it after the last change of a transaction.

    It commits or rolls back with the caller's transaction, and until then holds
    the family's row: writers of one family queue up.
    """
    with connection.cursor() as cursor:
        cursor.execute(_BUMP, [name, secrets.randbelow(_MAX_STEP) + 1])
    current = _scope.get()
    if current is not None:
        current.numbers = None


class Cached(Generic[T]):
    """Up to `max_items` values of one family, dropped together when its number moves.

    Safe between threads. A value is never older than the caller's snapshot;
    when full, what was used longest ago goes.
    """

    def __init__(self, name: str, max_items: int = 4096) -> None:
        self._name, self._max = name, max_items
        self._lock = threading.Lock()
        self._number: int | None = None
        self._items: OrderedDict[Hashable, T] = OrderedDict()
        _caches.add(self)

    def get(self, key: Hashable, load: Callable[[], T]) -> T:
        """The value of `key`, from `load()` when it is not held. What `load` raises is not kept."""
        number = snapshot().get(self._name, 0)
        with self._lock:
            if self._number != number:
                self._items.clear()
                self._number = number
            elif key in self._items:
                self._items.move_to_end(key)
                return self._items[key]
        value = load()  # after the snapshot, so at least as new
        with self._lock:
            if self._number == number:
                self._items[key] = value
                if len(self._items) > self._max:
                    self._items.popitem(last=False)
        return value

    def clear(self) -> None:
        with self._lock:
            self._items.clear()
            self._number = None


def forget() -> None:
    """Drop what this process holds: needed only when the data went back in time (a restore)."""
    for cached in list(_caches):
        cached.clear()
