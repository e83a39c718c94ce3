"""Before a call and after it: circuit, rate limit and concurrency, shared by all processes.

    permit = guard.admit(scope=…, circuit=…, limits=…, slot_seconds=…, probe_seconds=…)
    …
    transition = guard.settle(permit, outcome="success", duration_ms=12.5)

State is in Redis when REDIS_URL is set, else in the database. A store that is
away never fails a call: this process goes on with its share of the limits and a
circuit of its own, says so once, and asks the store again every second.
"""

from __future__ import annotations

import threading
import uuid

from django.conf import settings
from django.db import Error as DatabaseFault

from integration_hub.coordination import heartbeat
from integration_hub.coordination.permit import Ask, CircuitState, Permit, Store, StoreDown
from integration_hub.coordination.stores.database import DatabaseStore
from integration_hub.coordination.stores.local import LocalStore
from integration_hub.coordination.stores.redis import RedisStore
from integration_hub.lib import clock, log
from integration_hub.lib.errors import HubError
from integration_hub.lib.resilience.circuit import Outcome, Transition
from integration_hub.lib.resilience.options import CircuitOptions, LimitOptions

__all__ = ["CircuitState", "Permit", "admit", "reset", "settle", "states"]

#: Whether this process works on its own now, and how many answers it gave that way.
degraded = False
fallbacks = 0

RETRY_SECONDS = 1.0
_COUNT_SECONDS = 10.0
_ALIVE_SECONDS = 60.0

_log = log.get(__name__)
_lock = threading.Lock()
_database = DatabaseStore()
_local = LocalStore()
_retry_at = 0.0
_count_at = 0.0


def admit(
    *,
    scope: str,
    circuit: CircuitOptions,
    limits: LimitOptions,
    slot_seconds: float,
    probe_seconds: float,
) -> Permit:
    """Leave for one call of `scope`; settle it once, however the call ends.

    Raises CircuitOpen, RateLimitExceeded or ConcurrencyLimitExceeded with
    `retry_after`; what was refused counts nowhere. A permit that is never settled
    gives its probe back after `probe_seconds` and its slot after `slot_seconds`.
    """
    ask = Ask(scope, circuit, limits, slot_seconds, probe_seconds, uuid.uuid4().hex)
    store = _shared()
    if _usable():
        try:
            permit = store.admit(ask)
        except StoreDown as error:
            _went(store, error)
        except HubError:
            _came_back(store)
            raise
        else:
            _came_back(store)
            return permit
    _fell_back(store)
    return _local.admit(ask)


def settle(permit: Permit, *, outcome: Outcome, duration_ms: float) -> Transition | None:
    """Count how the call ended; returns what that did to the circuit.

    `ignored` is an end that says nothing about the external system (a call
    refused for its parameters, cancelled, or never sent). In the caller's
    transaction the database store joins it.
    """
    store = _shared()
    if permit.store == store.name and _usable():
        try:
            transition = store.settle(permit, outcome, duration_ms)
        except StoreDown as error:
            _went(store, error)
        else:
            _came_back(store)
            return transition
    if permit.store != _local.name:
        _fell_back(store)
    return _local.settle(permit, outcome, duration_ms)


def states(prefix: str) -> list[CircuitState]:
    """The circuits whose scope begins with `prefix`, by scope; those never used are absent."""
    store = _shared()
    try:
        return store.states(prefix)
    except StoreDown as error:
        _went(store, error)
        return _local.states(prefix)


def reset(prefix: str) -> None:
    """Close the circuits whose scope begins with `prefix`, their windows empty."""
    _local.reset(prefix)
    store = _shared()
    try:
        store.reset(prefix)
    except StoreDown as error:
        _went(store, error)


def _shared() -> Store:
    return RedisStore(settings.REDIS_URL) if settings.REDIS_URL else _database


def _usable() -> bool:
    """Whether to ask the shared store: while it is away, one call a second does."""
    global _retry_at  # noqa: PLW0603 - one state a process is the point
    if not degraded:
        return True
    with _lock:
        now = clock.monotonic()
        # A clock that was put in place later may be far behind the one before.
        if _retry_at - RETRY_SECONDS <= now < _retry_at:
            return False
        _retry_at = now + RETRY_SECONDS
    return True


def _went(store: Store, error: StoreDown) -> None:
    global degraded, _retry_at, _count_at  # noqa: PLW0603 - as above
    with _lock:
        _retry_at = clock.monotonic() + RETRY_SECONDS
        if degraded:
            return
        degraded = True
        _count_at = 0.0
        _local.forget()
    _log.warning(
        "guard.degraded",
        store=store.name,
        reason=type(error.__cause__).__name__,
        remedy="Limits and circuits are per process until the store answers again.",
    )


def _came_back(store: Store) -> None:
    global degraded
    if not degraded:
        return
    with _lock:
        was, degraded = degraded, False
    if was:
        _log.info("guard.restored", store=store.name)


def _fell_back(store: Store) -> None:
    """Count it, and now and then how many processes share the limits (as last known)."""
    global fallbacks, _count_at  # noqa: PLW0603 - as above
    with _lock:
        fallbacks += 1
        now = clock.monotonic()
        due = store is not _database and not _count_at - _COUNT_SECONDS <= now < _count_at
        if due:
            _count_at = now + _COUNT_SECONDS
    if due:
        try:
            _local.processes = max(1, heartbeat.count_processes(_ALIVE_SECONDS))
        except DatabaseFault:
            _log.warning("guard.processes_unknown", assumed=_local.processes)
