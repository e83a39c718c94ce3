"""When what a credential holds is to be renewed, and when the scheduler has to look at it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from credentials.acquiring import Acquired, AcquiringScheme
from integration_hub.lib import clock

EXPIRING_DAYS = (7, 1)
"""Before the end of what only a person can renew it is announced, once for each."""

IDLE_SHARE = 0.75
"""Of its idle limit after which an unused refresh token is used."""


@dataclass(frozen=True, slots=True)
class Lasting:
    """The columns that say so."""

    token_expires_at: datetime | None
    refresh_at: datetime | None
    attend_at: datetime | None
    scope: str

    def as_columns(self) -> dict[str, Any]:
        return {
            "token_expires_at": self.token_expires_at,
            "refresh_at": self.refresh_at,
            "attend_at": self.attend_at,
            "scope": self.scope,
        }


def lasting(
    scheme: AcquiringScheme,
    held: Acquired,
    options: Mapping[str, Any],
    *,
    expires_at: datetime | None,
    is_new: bool,
) -> Lasting:
    """`is_new`: it was acquired just now, so that what is left is its whole life.

    Of a short life a quarter is the margin at most: else it would always be due.
    """
    now, ends = clock.now(), held.expires_at
    renewable = scheme.can_acquire(held.data, options)
    due: datetime | None = None
    if renewable and not scheme.is_held(held.data):
        due = now
    elif renewable and ends is not None:
        margin = float(scheme.margin_seconds(options))
        if is_new:
            margin = min(margin, (ends - now).total_seconds() / 4)
        due = ends - timedelta(seconds=margin)
    last = expires_at if renewable or ends is None else min(ends, expires_at or ends)
    moments = [*_warnings(last, now), *_idle(options, now, renewable=renewable)]
    return Lasting(ends, due, min(moments, default=None), held.scope)


def lasting_until(expires_at: datetime | None) -> Lasting:
    """Of a credential that acquires nothing."""
    warnings = _warnings(expires_at, clock.now())
    return Lasting(None, None, min(warnings, default=None), "")


def _warnings(last: datetime | None, now: datetime) -> Iterator[datetime]:
    if last is not None:
        yield from (max(now, last - timedelta(days=days)) for days in EXPIRING_DAYS if last > now)


def _idle(options: Mapping[str, Any], now: datetime, *, renewable: bool) -> Iterator[datetime]:
    idle = options.get("refresh_idle_seconds")
    if idle and renewable:
        yield now + timedelta(seconds=float(idle) * IDLE_SHARE)
