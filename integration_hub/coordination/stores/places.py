"""Tokens of a bucket and numbered concurrency slots, each taken by one upsert."""

from __future__ import annotations

from django.db import connection

from integration_hub.coordination.models import BucketRow, SlotRow
from integration_hub.coordination.stores.moment import now_sql
from integration_hub.lib.resilience import limiter
from integration_hub.lib.resilience.options import LimitOptions

_BUCKETS, _SLOTS = BucketRow._meta.db_table, SlotRow._meta.db_table

# limiter.take() in SQL: {ahead} is where the bucket would stand with one token less.
_TAKE = (
    f'INSERT INTO "{_BUCKETS}" AS b (scope, arrival) VALUES (%s, {{now}} + %s) '  # noqa: S608
    "ON CONFLICT (scope) DO UPDATE SET arrival = {ahead} "
    "WHERE {ahead} - {now} <= %s RETURNING arrival"
)
_AHEAD = "{least}({greatest}(b.arrival, {now}), {now} + %s) + %s"
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
# Another took the number that was free when we looked: there may be more free ones.
_SLOT_TRIES = 10
_SLOT_WAIT = 1.0


def take_token(scope: str, limits: LimitOptions) -> float:
    """Take one token: 0, or the seconds until there is one."""
    now, moment = now_sql()
    each, full = limiter.interval(limits), limiter.depth(limits)
    greatest, least = ("GREATEST", "LEAST") if _postgresql() else ("MAX", "MIN")
    ahead = _AHEAD.format(greatest=greatest, least=least, now=now)
    params = [*moment, *moment, full, each]
    with connection.cursor() as cursor:
        cursor.execute(
            _TAKE.format(now=now, ahead=ahead),
            [scope, *moment, each, *params, *params, *moment, full + limiter.EPSILON],
        )
        if cursor.fetchone():
            return 0.0
        cursor.execute(_WAIT.format(now=now), [*moment, scope])
        row = cursor.fetchone()
    # A bucket emptied since by nobody but time: the wait is then the shortest there is.
    return max(limiter.EPSILON, limiter.take(limits, *row).retry_after if row else 0.0)


def take_slot(scope: str, holder: str, seconds: float, maximum: int) -> float:
    """Take one of `maximum` slots for `seconds`: 0, or when to ask again."""
    now, moment = now_sql()
    with connection.cursor() as cursor:
        # SQLite has one writer at a time, so that nobody can be after the same number.
        order = "ORDER BY random()" if _postgresql() else ""
        for _ in range(_SLOT_TRIES):
            cursor.execute(
                _TAKE_SLOT.format(now=now, order=order),
                [maximum, scope, holder, *moment, seconds, scope, *moment, *moment],
            )
            if cursor.fetchone():
                return 0.0
            cursor.execute(_HELD.format(now=now), [*moment, scope, maximum, *moment])
            held, left = cursor.fetchone()
            if held >= maximum:
                return min(_SLOT_WAIT, max(limiter.EPSILON, float(left)))
    return limiter.EPSILON


def free_slot(scope: str, holder: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_FREE_SLOT, [scope, holder])


def _postgresql() -> bool:
    return connection.vendor == "postgresql"
