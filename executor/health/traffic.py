"""What other calls say of an instance between two checks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from executor.choices import ExecutionStatus
from executor.health.state import Verdict
from executor.models import Attempt, Execution
from integration_hub.lib.ids import floor_id

LOOKED_AT = 500
LONGEST_CALL = timedelta(minutes=5)
MIN_CALLS = 5
TROUBLED, FINE = 0.5, 0.1
"""Shares of failed calls from which, and below which, calls outweigh one check."""

_ENDED = (ExecutionStatus.COMPLETED, ExecutionStatus.FAILED, ExecutionStatus.OUTCOME_UNKNOWN)
_SYSTEM = frozenset({"CONNECTION_ERROR", "TIMEOUT_ERROR", "AUTH_ERROR"})
_SAID_NO = "INTEGRATION_ERROR"


@dataclass(frozen=True, slots=True)
class Traffic:
    """Calls that ended, and those that the external system failed; a caller's mistake is none."""

    calls: int = 0
    failed: int = 0

    @property
    def is_troubled(self) -> bool:
        return self.calls >= MIN_CALLS and self.failed >= self.calls * TROUBLED

    @property
    def is_fine(self) -> bool:
        return self.calls >= MIN_CALLS and self.failed <= self.calls * FINE


def weighed(*, ok: bool, slow: bool, traffic: Traffic) -> Verdict:
    """One check and the calls beside it: neither is believed against many of the other."""
    if not ok:
        return Verdict.SLOW if traffic.is_fine else Verdict.FAILED
    return Verdict.SLOW if slow or traffic.is_troubled else Verdict.GOOD


def between(slug: str, since: datetime, until: datetime) -> Traffic:
    """The newest calls of an instance that ended in this span, 500 at most."""
    rows = Execution.objects.filter(
        instance_slug=slug,
        pk__gte=floor_id(since - LONGEST_CALL),
        status__in=_ENDED,
        finished_at__gt=since,
        finished_at__lte=until,
    ).order_by("-id")
    found = list(rows.values_list("pk", "code")[:LOOKED_AT])
    failed = sum(code in _SYSTEM for _, code in found)
    refused = [pk for pk, code in found if code == _SAID_NO]
    if refused:
        ill = Q(status_code__gte=500) | Q(status_code=429)
        attempts = Attempt.objects.filter(ill, execution_id__in=refused)
        since_key = floor_id(since - LONGEST_CALL)
        failed += attempts.filter(pk__gte=since_key).values("execution_id").distinct().count()
    return Traffic(len(found), failed)
