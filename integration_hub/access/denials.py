"""Refused calls and failed logins, counted per source and minute.

A row in the audit log for each would let a stranger fill it; so they are counted
in a small table, and a finished minute becomes one audit row a source.
"""

from __future__ import annotations

from datetime import datetime

from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import F

from integration_hub.access.models import Denial
from integration_hub.audit import services as audit
from integration_hub.audit.origin import current
from integration_hub.lib import clock, log

DENIED_CALL = "access.denied"
FAILED_LOGIN = "login.failed"

_log = log.get("hub.access")


def count_denial(*, actor: str, code: str, action: str = DENIED_CALL) -> None:
    """Add one to the count of this source and minute.

    The refusal stands whatever happens here, so a database fault is logged only.
    """
    _log.info("denied", actor=actor, code=code, action=action)
    try:
        _add_one(action=action, source=current().source[:64], actor=actor[:200])
    except DatabaseError as error:
        _log.warning("denial_not_counted", actor=actor, error=type(error).__name__)


def settle_denials() -> int:
    """Turn the counts of finished minutes into audit rows; safe to run anywhere, at any time."""
    settled = 0
    for row in Denial.objects.filter(minute__lt=_minute_of(clock.now())):
        settled += _settle(row)
    return settled


def _add_one(*, action: str, source: str, actor: str) -> None:
    minute = _minute_of(clock.now())
    key = {"action": action, "source": source, "actor": actor, "minute": minute}
    if Denial.objects.filter(**key).update(count=F("count") + 1):
        return
    try:
        with transaction.atomic():
            Denial.objects.create(**key)
    except IntegrityError:
        Denial.objects.filter(**key).update(count=F("count") + 1)
    # The first of a minute is a good moment to write down the minutes before it.
    settle_denials()


def _settle(row: Denial) -> bool:
    with transaction.atomic():
        deleted, _ = Denial.objects.filter(pk=row.pk, count=row.count).delete()
        if not deleted:
            return False
        audit.record(
            actor=row.actor,
            action=row.action,
            target_type="api" if row.action == DENIED_CALL else "login",
            target=row.source,
            detail={"count": row.count, "minute": clock.rfc3339(row.minute)},
            source=row.source,
            request_id="-",
        )
    return True


def _minute_of(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
