"""Tokens of a bucket and numbered concurrency slots, each taken by one upsert."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS

from integration_hub.coordination import prepared
from integration_hub.coordination.models import BucketRow, SlotRow, TurnRow
from integration_hub.coordination.stores.moment import now_sql, on_postgresql
from integration_hub.lib.resilience import limiter, turns
from integration_hub.lib.resilience.options import LimitOptions

_BUCKETS, _SLOTS = BucketRow._meta.db_table, SlotRow._meta.db_table
_TURNS = TurnRow._meta.db_table

# limiter.take() in SQL: where the bucket would stand with one token less.
_AHEAD = "{least}({greatest}(b.arrival, {now}), {now} + %s) + %s"
_TAKE = (
    f'INSERT INTO "{_BUCKETS}" AS b (scope, arrival) VALUES (%s, {{now}} + %s) '  # noqa: S608
    f"ON CONFLICT (scope) DO UPDATE SET arrival = {_AHEAD} "
    # A full bucket was charged at one reading of the clock, and the answer is a later one.
    f"WHERE {_AHEAD} - {{now}} <= %s RETURNING {{least}}({{now}}, arrival - %s)"
)
_WAIT = f'SELECT arrival, {{now}} FROM "{_BUCKETS}" WHERE scope = %s'  # noqa: S608

_TAKE_SLOT = (
    "WITH RECURSIVE n(number) AS "  # noqa: S608
    "(SELECT 0 UNION ALL SELECT number + 1 FROM n WHERE number + 1 < %s) "
    f'INSERT INTO "{_SLOTS}" AS s (scope, number, holder, until) '
    "SELECT %s, n.number, %s, {now} + %s FROM n WHERE NOT EXISTS ("
    f'SELECT 1 FROM "{_SLOTS}" h WHERE h.scope = %s AND h.number = n.number AND h.until > {{now}}) '
    "{order} LIMIT 1 "
    "ON CONFLICT (scope, number) DO UPDATE SET holder = excluded.holder, until = excluded.until "
    "WHERE s.until <= {now} RETURNING number"
)
_HELD = (
    f'SELECT count(*), min(until) - {{now}} FROM "{_SLOTS}" '  # noqa: S608
    "WHERE scope = %s AND number < %s AND until > {now}"
)
_FREE_SLOT = f'DELETE FROM "{_SLOTS}" WHERE scope = %s AND holder = %s'  # noqa: S608
_ENDS = f'SELECT ends, {{now}} FROM "{_TURNS}" WHERE scope = %s'  # noqa: S608
# turns.take() in SQL, for those who wait.
_TAKE_TURN = (
    f'INSERT INTO "{_TURNS}" AS t (scope, ends) VALUES (%s, {{now}} + %s) '  # noqa: S608
    "ON CONFLICT (scope) DO UPDATE "
    "SET ends = {greatest}({least}(t.ends, {now} + %s), {now} + %s) + %s "
    "RETURNING ends - %s - {now}"
)
# Another took the number that was free when we looked: there may be more free ones.
_SLOT_TRIES = 10


def take_token(scope: str, limits: LimitOptions, *, batch: bool = False) -> tuple[float, float]:
    """Take one token: 0 and when it was taken, or the seconds until there is one and 0."""
    now, moment = now_sql()
    each, full = limiter.interval(limits), limiter.depth(limits)
    mine = full - limiter.reserve(limits) if batch else full
    params = [*moment, *moment, full, each]
    taken = _rows(
        _filled(_TAKE, now),
        [scope, *moment, each, *params, *params, *moment, mine + limiter.EPSILON, *moment, each],
    )
    if taken:
        return 0.0, float(taken[0][0])
    found = _rows(_filled(_WAIT, now), [*moment, scope])
    # A bucket emptied since by nobody but time: the wait is then the shortest there is.
    wait = limiter.take(limits, *found[0], batch=batch).retry_after if found else 0.0
    return max(limiter.EPSILON, wait), 0.0


def take_slot(
    scope: str, holder: str, seconds: float, maximum: int, *, batch: bool = False
) -> float:
    """Take one of `maximum` slots for `seconds`: 0, or the seconds until one ends by itself."""
    now, moment = now_sql()
    if batch:
        held, left = _held(scope, maximum)
        if held >= maximum - limiter.kept_from_batch(maximum):
            return max(limiter.EPSILON, left)
    for _ in range(_SLOT_TRIES):
        taken = _rows(
            _filled(_TAKE_SLOT, now),
            [maximum, scope, holder, *moment, seconds, scope, *moment, *moment],
        )
        if taken:
            return 0.0
        held, left = _held(scope, maximum)
        if held >= maximum:
            return max(limiter.EPSILON, left)
    return limiter.EPSILON


def _held(scope: str, maximum: int) -> tuple[int, float]:
    """How many slots are taken, and the seconds until one of them ends by itself."""
    now, moment = now_sql()
    held, left = _rows(_filled(_HELD, now), [*moment, scope, maximum, *moment])[0]
    return held, float(left or 0.0)


def take_turn(place: str, lane: turns.Lane, *, wait: float, each: float, patience: float) -> float:
    """The seconds until the turn of who waits at `place`; see lib/resilience/turns.py."""
    scope = f"{place}:{lane}"
    now, moment = now_sql()
    found = _rows(_filled(_ENDS, now), [*moment, scope])
    ends, at = found[0] if found else (0.0, 0.0)
    asked = turns.take(float(ends), float(at), wait=wait, each=each, patience=patience)
    if asked.wait > patience:
        return asked.wait
    first = [scope, *moment, wait + each]
    later = [*moment, turns.MAX_AHEAD, *moment, wait, each]
    ((left,),) = _rows(
        _filled(_TAKE_TURN, now),
        [*first, *later, each, *moment],
    )
    return max(limiter.EPSILON, float(left))


def before(place: str) -> float:
    """The seconds that those take who wait for an answer now."""
    now, moment = now_sql()
    found = _rows(_filled(_ENDS, now), [*moment, f"{place}:now"])
    return max(0.0, float(found[0][0]) - float(found[0][1])) if found else 0.0


def free_slot(scope: str, holder: str) -> None:
    prepared.change(DEFAULT_DB_ALIAS, _FREE_SLOT, [scope, holder])


def _rows(query: str, params: list[Any]) -> list[tuple[Any, ...]]:
    return prepared.read(DEFAULT_DB_ALIAS, query, params)


@lru_cache(maxsize=32)
def _filled(query: str, now: str) -> str:
    postgresql = on_postgresql()
    greatest, least = ("GREATEST", "LEAST") if postgresql else ("MAX", "MIN")
    # SQLite has one writer at a time, so that nobody can be after the same number.
    order = "ORDER BY random()" if postgresql else ""
    return query.format(now=now, greatest=greatest, least=least, order=order)
