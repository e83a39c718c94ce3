"""No call at all until an external system wants calls again: learnt from its own answers.

A hold is written on an answer that says so, and only then; every process learns
of it by the revision that a request reads anyway, so that a call of a scope that is
not held pays nothing. When a hold is over that followed a refusal, one call goes
first, and the others follow once it was not refused.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import DatabaseError, transaction

from integration_hub.coordination import revision
from integration_hub.coordination.models import HoldKind, HoldRow
from integration_hub.coordination.revision import Cached
from integration_hub.lib import clock, log
from integration_hub.lib.errors import RateLimitExceeded
from integration_hub.lib.resilience.hints import WAIT_CAP

FAMILY = "holds"
MAX_HELD = 10_000
FORGOTTEN_AFTER_S = 60.0
"""A hold that is over for that long, and that nobody came back to, says nothing any more."""

_SHORTEST_S = 0.05
_PROBE_WAIT_S = 1.0
_ALL = "all"

_log = log.get(__name__)


@dataclass(frozen=True, slots=True)
class Hold:
    """`until` is in seconds since 1970."""

    until: float
    kind: HoldKind


_held: Cached[dict[str, Hold]] = Cached(FAMILY)


def enter(scope: str, *, probe_seconds: float) -> bool:
    """Pass, or raise RateLimitExceeded with the seconds that are left.

    True: this call is the one that goes first; `lift` or `hold` it by what comes of it,
    else the next goes after `probe_seconds`.
    """
    found = _find(scope)
    if found is None:
        return False
    now = clock.now().timestamp()
    left = min(found.until - now, WAIT_CAP)
    if left > 0:
        probing = found.kind == HoldKind.PROBING
        raise _refusal(scope, min(left, _PROBE_WAIT_S) if probing else left)
    if found.kind == HoldKind.SPENT or left < -FORGOTTEN_AFTER_S:
        return False
    if _claimed(scope, found, now + probe_seconds):
        return True
    raise _refusal(scope, _PROBE_WAIT_S)


def hold(scope: str, seconds: float, *, kind: HoldKind, first: bool = False) -> None:
    """Send nothing of `scope` for `seconds`; `first`: the call that went first says so."""
    if seconds < _SHORTEST_S and not first:
        return
    until = clock.now().timestamp() + min(seconds, WAIT_CAP)
    if not first and _says_as_much(scope, until, seconds):
        return
    row = HoldRow(scope=scope, until=until, kind=kind)
    try:
        with transaction.atomic():
            HoldRow.objects.bulk_create(
                [row],
                update_conflicts=True,
                unique_fields=["scope"],
                update_fields=["until", "kind"],
            )
            revision.bump(FAMILY)
    except DatabaseError as error:
        _log.warning("hold.not_written", reason=type(error).__name__)
        return
    _log.info("hold.begun", scope=scope, seconds=round(seconds, 3), kind=str(kind))


def states(prefix: str) -> dict[str, Hold]:
    """The holds of scopes that begin with `prefix`, for people to see; those that last still."""
    now = clock.now().timestamp()
    living = HoldRow.objects.filter(scope__startswith=prefix, until__gt=now).order_by("scope")
    return {row.scope: Hold(row.until, HoldKind(row.kind)) for row in living[:MAX_HELD]}


def lift(scope: str) -> None:
    """Calls of `scope` go again."""
    try:
        _delete(scope, whole=True)
    except DatabaseError as error:
        _log.warning("hold.not_lifted", reason=type(error).__name__)


def lift_all(prefix: str) -> None:
    """Calls of every scope that begins with `prefix` go again."""
    _delete(prefix, whole=False)


def _delete(text: str, *, whole: bool) -> None:
    rows = HoldRow.objects.filter(**{"scope" if whole else "scope__startswith": text})
    with transaction.atomic():
        if rows.delete()[0]:
            revision.bump(FAMILY)


def _find(scope: str) -> Hold | None:
    if not revision.snapshot().get(FAMILY):
        return None  # nothing was ever held
    return _held.get(_ALL, _load).get(scope)


def _load() -> dict[str, Hold]:
    living = HoldRow.objects.filter(until__gt=clock.now().timestamp() - FORGOTTEN_AFTER_S)
    return {row.scope: Hold(row.until, HoldKind(row.kind)) for row in living[:MAX_HELD]}


def _claimed(scope: str, found: Hold, until: float) -> bool:
    """Whether this call is the first of those that found the hold over."""
    with transaction.atomic():
        rows = HoldRow.objects.filter(scope=scope, until=found.until, kind=found.kind)
        if not rows.update(until=until, kind=HoldKind.PROBING):
            return False
        revision.bump(FAMILY)
    return True


def _says_as_much(scope: str, until: float, seconds: float) -> bool:
    """Many calls in flight are refused at once: the first to say so says it for all."""
    known = _find(scope)
    if known is None or known.kind == HoldKind.PROBING:
        return False
    return known.until >= until - max(0.25, seconds / 10)


def _refusal(scope: str, left: float) -> RateLimitExceeded:
    return RateLimitExceeded(
        f"The external system asked to be left alone, so no call of {scope} is sent now. "
        f"Try again in {left:.3g} s.",
        retry_after=left,
    )
