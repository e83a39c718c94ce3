"""Before a call and after it: circuits, rate limit and concurrency, shared by all processes.

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
from collections.abc import Callable

from django.conf import settings
from django.db import Error as DatabaseFault

from integration_hub.coordination import heartbeat
from integration_hub.coordination.permit import (
    Ask,
    CircuitState,
    End,
    Gates,
    Moved,
    Moves,
    Permit,
    Settling,
    Store,
    StoreDown,
)
from integration_hub.coordination.stores.database import DatabaseStore
from integration_hub.coordination.stores.local import LocalStore
from integration_hub.coordination.stores.redis import RedisStore
from integration_hub.lib import clock, log, metrics
from integration_hub.lib.errors import HubError
from integration_hub.lib.resilience.circuit import Outcome, State, Transition
from integration_hub.lib.resilience.options import CircuitOptions, LimitOptions
from integration_hub.lib.resilience.turns import Lane

__all__ = [
    "CircuitState",
    "Moved",
    "Moves",
    "Permit",
    "Settling",
    "admit",
    "force",
    "reset",
    "settle",
    "settling",
    "states",
]

#: Whether this process works on its own now, and how many answers it gave that way.
degraded = False
fallbacks = 0

RETRY_SECONDS = 1.0
_COUNT_SECONDS = 10.0
_ALIVE_SECONDS = 60.0
_HOLD_UNKNOWN = 1.0
_MAX_HOLDS = 10_000

_log = log.get(__name__)
_lock = threading.Lock()
_database = DatabaseStore()
_local = LocalStore()
_redis: dict[str, RedisStore] = {}
_holds: dict[str, float] = {}
_retry_at = 0.0
_count_at = 0.0


def admit(
    *,
    scope: str,
    circuit: CircuitOptions,
    limits: LimitOptions,
    slot_seconds: float,
    probe_seconds: float,
    host: str = "",
    bucket: str = "",
    slots: str = "",
    lane: Lane = "now",
    patience: float = 0.0,
    joining: Callable[[], None] | None = None,
) -> Permit:
    """Leave for one call of `scope`; settle it once, however the call ends.

    `host` names the circuit of its upstream host; `bucket` and `slots` what tokens
    and slots come from, when other scopes share them. Raises CircuitOpen,
    RateLimitExceeded or ConcurrencyLimitExceeded with `retry_after`; what was
    refused counts nowhere. Who will wait up to `patience` seconds is given a turn:
    `retry_after` is then a moment of its own. A permit that is never settled gives
    its probe back after `probe_seconds` and its slot after `slot_seconds`. A store that
    takes rate and slot in a transaction calls `joining` in it, so that what that writes
    is the same commit: the permit says so with `joined`, and any other has not called it.
    """
    gates = Gates(scope, circuit, limits, host, bucket, slots)
    hold = _holds.get(slots or scope, _HOLD_UNKNOWN)
    token = uuid.uuid4().hex
    ask = Ask(gates, slot_seconds, probe_seconds, token, lane, patience, hold, joining)
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


def settle(
    permit: Permit, *, outcome: Outcome, duration_ms: float, reached: Outcome = "ignored"
) -> Transition | None:
    """Count how the call ended; returns what that did to its own circuit. See `settling`."""
    moved = settling(permit, outcome=outcome, duration_ms=duration_ms, reached=reached)()
    return next((item.transition for item in moved if item.scope == permit.scope), None)


def settling(
    permit: Permit, *, outcome: Outcome, duration_ms: float, reached: Outcome = "ignored"
) -> Settling:
    """Count how the call ended; ask the answer once for what that did to the circuits.

    Redis counts while the caller does something else; asking waits for it. In the
    caller's transaction the database store joins it. `ignored` is an end that says
    nothing about the external system (a call refused for its parameters, cancelled,
    or never sent). `reached` is the same for the host alone: whether a connection
    could be made.
    """
    end = End(outcome, duration_ms, reached)
    _learn_hold(permit, duration_ms)
    store = _shared()
    if permit.store == store.name and _usable():
        try:
            under_way = store.settle(permit, end)
        except StoreDown as error:
            _went(store, error)
        else:
            return lambda: _answered(store, permit, end, under_way)
    if permit.store != _local.name:
        _fell_back(store)
    return _local.settle(permit, end)


def _answered(store: Store, permit: Permit, end: End, under_way: Settling) -> Moves:
    try:
        moved = under_way()
    except StoreDown as error:
        _went(store, error)
        _fell_back(store)
        return _local.settle(permit, end)()
    _came_back(store)
    return moved


def _learn_hold(permit: Permit, duration_ms: float) -> None:
    """How long a slot is held, on the average of the last few: who waits is told by it."""
    gates = permit.ask.gates
    if gates.limits.max_concurrency <= 0:
        return
    place, held = gates.slots or gates.scope, max(0.001, duration_ms / 1000)
    if len(_holds) >= _MAX_HOLDS and place not in _holds:
        _holds.clear()
    _holds[place] = 0.8 * _holds.get(place, held) + 0.2 * held


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


def force(scope: str, state: State) -> None:
    """Set one circuit: `forced_open` and `disabled` stay until `force` or `reset`, `closed` is
    as new. What is under way counts no more."""
    _local.force(scope, state)
    store = _shared()
    try:
        store.force(scope, state)
    except StoreDown as error:
        _went(store, error)


def _shared() -> Store:
    url: str = settings.REDIS_URL
    if not url:
        return _database
    store = _redis.get(url)
    if store is None:
        store = _redis[url] = RedisStore(url)
    return store


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
        metrics.guard_degraded.set(1)
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
        metrics.guard_degraded.set(0)
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
