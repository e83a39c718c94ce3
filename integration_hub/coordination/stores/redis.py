"""Redis: circuits, bucket and slot in one script, one round trip to admit and one to settle."""

from __future__ import annotations

import math
from functools import lru_cache, partial
from typing import Any, cast

import redis

from integration_hub.coordination.permit import (
    Admitted,
    Ask,
    CircuitState,
    End,
    Gates,
    Moves,
    Permit,
    Refused,
    Settling,
    StoreDown,
    fixed_now,
    moves,
    refusal,
)
from integration_hub.coordination.stores import lua, wire
from integration_hub.coordination.stores.wire import Command, Script, Sent, bulk
from integration_hub.lib import clock
from integration_hub.lib.resilience import limiter
from integration_hub.lib.resilience.circuit import (
    MAX_PROBE_SECONDS,
    Circuit,
    State,
    Transition,
    describe,
)
from integration_hub.lib.resilience.options import HOST_CIRCUIT, CircuitOptions

PREFIX = "hub:guard:"
_INDEX = f"{PREFIX}scopes"
_DAY = 86_400

_ADMIT, _SETTLE, _FORCE = Script(lua.ADMIT), Script(lua.SETTLE), Script(lua.FORCE)


class RedisStore:
    name = "redis"

    def __init__(self, url: str) -> None:
        self._url = url

    def admit(self, ask: Ask) -> Permit:
        given = b"%b%b%b%b%b%b%b" % (
            _now(),
            bulk(ask.token),
            bulk(ask.probe_seconds),
            bulk(ask.slot_seconds),
            bulk(ask.lane),
            bulk(ask.patience),
            bulk(ask.hold),
        )
        try:
            found = wire.lines(self._url).send(_admitting(ask.gates), given).answer()
        except redis.exceptions.RedisError as error:
            raise StoreDown from error
        if len(found) == 2:
            raise _refusal(ask.gates, found[0], float(found[1]))
        generation, probe, now, host_generation, host_probe = found
        return Permit(
            ask,
            self.name,
            float(now),
            clock.monotonic(),
            Admitted(int(generation), bool(probe)),
            Admitted(int(host_generation), bool(host_probe)),
        )

    def settle(self, permit: Permit, end: End) -> Settling:
        """The script is under way when this returns; its answer is read when it is asked for."""
        gates = permit.ask.gates
        given = b"%b%b%b%b%b%b%b" % (
            _now(),
            bulk(permit.ask.token),
            bulk(end.outcome),
            bulk(end.duration_ms),
            bulk(permit.circuit.generation),
            bulk(end.reached),
            bulk(permit.host.generation),
        )
        try:
            sent = wire.lines(self._url).send(_settling(gates), given)
        except redis.exceptions.RedisError as error:
            raise StoreDown from error
        return partial(_moves, gates, sent)

    def states(self, prefix: str) -> list[CircuitState]:
        try:
            client = wire.client(self._url)
            scopes = self._scopes(client, prefix)
            pipe = client.pipeline(transaction=False)
            pipe.time()
            for scope in scopes:
                pipe.hgetall(f"{PREFIX}circuit:{scope}")
            (seconds, micros), *hashes = pipe.execute()
        except redis.exceptions.RedisError as error:
            raise StoreDown from error
        fixed = fixed_now()
        now = seconds + micros / 1e6 if fixed is None else fixed
        return [
            CircuitState(scope, *describe(_circuit(found), now))
            for scope, found in zip(scopes, hashes, strict=True)
            if found
        ]

    def force(self, scope: str, state: State) -> None:
        command = Command(_FORCE, [f"{PREFIX}circuit:{scope}", _INDEX], [scope, state], 0)
        try:
            wire.lines(self._url).send(command, b"").answer()
        except redis.exceptions.RedisError as error:
            raise StoreDown from error

    def reset(self, prefix: str) -> None:
        try:
            client = wire.client(self._url)
            scopes = self._scopes(client, prefix)
            if scopes:
                client.delete(*(f"{PREFIX}circuit:{scope}" for scope in scopes))
                client.zrem(_INDEX, *scopes)
        except redis.exceptions.RedisError as error:
            raise StoreDown from error

    @staticmethod
    def _scopes(client: Any, prefix: str) -> list[str]:
        high = prefix + "\U0010ffff"
        return cast("list[str]", client.zrangebylex(_INDEX, f"[{prefix}", f"[{high}"))


@lru_cache(maxsize=10_000)
def _admitting(gates: Gates) -> Command:
    limits, circuit = gates.limits, gates.circuit
    rated = limits.requests > 0
    bucket, slots = gates.bucket or gates.scope, gates.slots or gates.scope
    return Command(
        _ADMIT,
        [
            f"{PREFIX}circuit:{gates.scope}",
            f"{PREFIX}circuit:{gates.host or gates.scope}",
            f"{PREFIX}bucket:{bucket}",
            f"{PREFIX}slots:{slots}",
            f"{PREFIX}turns:bucket:{bucket}",
            f"{PREFIX}turns:slots:{slots}",
        ],
        [
            circuit.cooldown_ms / 1000,
            max(1, circuit.half_open_calls),
            _time_to_live(circuit),
            HOST_CIRCUIT.cooldown_ms / 1000,
            HOST_CIRCUIT.half_open_calls if gates.host else 0,
            _time_to_live(HOST_CIRCUIT),
            repr(limiter.interval(limits)) if rated else 0,
            repr(limiter.depth(limits)) if rated else 0,
            repr(limiter.reserve(limits)) if rated else 0,
            limits.max_concurrency,
            limiter.kept_from_batch(limits.max_concurrency),
        ],
        varying=7,
    )


@lru_cache(maxsize=10_000)
def _settling(gates: Gates) -> Command:
    return Command(
        _SETTLE,
        [
            f"{PREFIX}circuit:{gates.scope}",
            f"{PREFIX}circuit:{gates.host or gates.scope}",
            f"{PREFIX}slots:{gates.slots or gates.scope}",
            _INDEX,
        ],
        [
            *_counting(gates.scope, gates.circuit),
            *_counting(gates.host, HOST_CIRCUIT),
            1 if gates.limits.max_concurrency > 0 else 0,
        ],
        varying=7,
    )


def _counting(scope: str, options: CircuitOptions) -> list[Any]:
    counted = options.window_type == "count"
    window = max(1, options.window)
    return [
        scope,
        options.slow_call_ms,
        max(1, options.half_open_calls),
        options.failure_rate,
        min(options.min_calls, window) if counted else options.min_calls,
        "count" if counted else "time",
        window,
        options.cooldown_ms / 1000,
        _time_to_live(options),
    ]


def _moves(gates: Gates, sent: Sent) -> Moves:
    try:
        found = sent.answer()
    except redis.exceptions.RedisError as error:
        raise StoreDown from error
    circuit, _, host = str(found).partition(" ")
    if not circuit and not host:
        return ()
    return moves(
        gates, cast("Transition | None", circuit or None), cast("Transition | None", host or None)
    )


def _refusal(gates: Gates, reason: Refused, retry_after: float) -> Exception:
    return refusal(reason, gates.host if reason == "host" else gates.scope, retry_after)


def _now() -> bytes:
    fixed = fixed_now()
    return b"$0\r\n\r\n" if fixed is None else bulk(repr(fixed))


def _time_to_live(options: CircuitOptions) -> int:
    """A circuit that nobody used for that long starts anew; nothing in it still counts."""
    window = options.window if options.window_type == "time" else 0
    return math.ceil(_DAY + options.cooldown_ms / 1000 + window + MAX_PROBE_SECONDS)


def _circuit(found: dict[str, str]) -> Circuit:
    return Circuit(
        cast(State, found.get("s", "closed")),
        opened_at=float(found.get("o", 0)),
        cooldown=float(found.get("c", 0)),
    )
