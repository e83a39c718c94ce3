"""Redis: circuit, bucket and slot in one script, one round trip to admit and one to settle."""

from __future__ import annotations

import hashlib
import math
import os
from functools import lru_cache
from typing import Any, cast

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from integration_hub.coordination.permit import (
    Ask,
    CircuitState,
    Permit,
    Refused,
    StoreDown,
    fixed_now,
    refusal,
)
from integration_hub.coordination.stores import lua
from integration_hub.lib import clock
from integration_hub.lib.resilience import limiter
from integration_hub.lib.resilience.circuit import (
    MAX_PROBE_SECONDS,
    Circuit,
    Outcome,
    State,
    Transition,
    describe,
)
from integration_hub.lib.resilience.options import CircuitOptions

# A store that does not answer must cost a call less than the call itself.
TIMEOUT_SECONDS = 0.1
PREFIX = "hub:guard:"
_INDEX = f"{PREFIX}scopes"
_DAY = 86_400


class _Script:
    def __init__(self, text: str) -> None:
        self.text = text
        self.sha = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

    def run(self, client: Any, keys: list[str], values: list[Any]) -> Any:
        """On a connection itself: what the client does around a command costs as much again."""
        pool = client.connection_pool
        connection = pool.get_connection()
        try:
            connection.send_command("EVALSHA", self.sha, len(keys), *keys, *values)
            return connection.read_response()
        except redis.exceptions.NoScriptError:
            connection.send_command("EVAL", self.text, len(keys), *keys, *values)
            return connection.read_response()
        finally:
            pool.release(connection)


_ADMIT, _SETTLE = _Script(lua.ADMIT), _Script(lua.SETTLE)


@lru_cache(maxsize=8)
def _client(url: str) -> Any:
    """One pool a process: no second try, for a script that ran must not run again."""
    return redis.Redis.from_url(
        url,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )


# A connection shared with the parent would mix up their answers.
os.register_at_fork(after_in_child=_client.cache_clear)


class RedisStore:
    name = "redis"

    def __init__(self, url: str) -> None:
        self._url = url

    def admit(self, ask: Ask) -> Permit:
        limits = ask.limits
        rated = limits.requests > 0
        reason, retry_after, generation, probe, now = self._run(
            _ADMIT,
            [_key("circuit", ask), _key("bucket", ask), _key("slots", ask)],
            [
                _now(),
                ask.token,
                ask.probe_seconds,
                ask.circuit.cooldown_ms / 1000,
                max(1, ask.circuit.half_open_calls),
                repr(limiter.interval(limits)) if rated else 0,
                repr(limiter.depth(limits)) if rated else 0,
                limits.max_concurrency,
                ask.slot_seconds,
                _time_to_live(ask.circuit),
            ],
        )
        if reason != "go":
            raise refusal(cast(Refused, reason), ask.scope, float(retry_after))
        ticks = clock.monotonic()
        return Permit(ask, self.name, float(now), ticks, int(float(generation)), bool(probe))

    def settle(self, permit: Permit, outcome: Outcome, duration_ms: float) -> Transition | None:
        ask, options = permit.ask, permit.ask.circuit
        counted = options.window_type == "count"
        window = max(1, options.window)
        found = self._run(
            _SETTLE,
            [_key("circuit", ask), _key("slots", ask), _INDEX],
            [
                _now(),
                ask.token,
                outcome,
                duration_ms,
                options.slow_call_ms,
                permit.generation,
                max(1, options.half_open_calls),
                options.failure_rate,
                min(options.min_calls, options.window) if counted else options.min_calls,
                "count" if counted else "time",
                window,
                ask.scope,
                _time_to_live(options),
                1 if ask.limits.max_concurrency > 0 else 0,
                options.cooldown_ms / 1000,
            ],
        )
        return cast("Transition | None", found or None)

    def states(self, prefix: str) -> list[CircuitState]:
        try:
            client = _client(self._url)
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

    def reset(self, prefix: str) -> None:
        try:
            client = _client(self._url)
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

    def _run(self, script: _Script, keys: list[str], values: list[Any]) -> Any:
        try:
            return script.run(_client(self._url), keys, values)
        except redis.exceptions.RedisError as error:
            raise StoreDown from error


def _key(kind: str, ask: Ask) -> str:
    return f"{PREFIX}{kind}:{ask.scope}"


def _now() -> str:
    fixed = fixed_now()
    return "" if fixed is None else repr(fixed)


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
