"""Health checks of instances: which are due, who makes them, what is written down.

An instance is checked by its definition's health method, at the definition's
interval, while it is enabled and executable. Any worker may claim a due check;
its lease is a column of the instance, by the database's clock.
"""

from __future__ import annotations

import random
import threading
from datetime import timedelta
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from executor import health_call
from executor.delivery.constants import HEALTH_THREADS
from executor.delivery.pool import Pool
from executor.delivery.stopping import stop
from executor.health_call import CheckResult
from executor.health_run import LONGEST_CHECK_SECONDS
from executor.health_state import HealthState
from executor.models import HealthCheckResult
from integration_hub.coordination import dbtime, revision
from integration_hub.events import services as events
from integration_hub.events.choices import EventType
from integration_hub.lib import clock, log
from integration_hub.lib.errors import HubError
from registry import runtime
from registry.choices import NOT_EXECUTABLE_STATES, Health
from registry.models import Instance
from registry.runtime import RuntimeInstance

FIRST_AFTER_SECONDS = 10.0
"""How long after becoming executable an instance is first checked, however long its interval."""

LEASE_SECONDS = LONGEST_CHECK_SECONDS + 15.0
SOON_SECONDS = 10.0
JITTER = 0.05

logger = log.get(__name__)
_random = random.SystemRandom()


def due() -> QuerySet[Instance]:
    """Instances whose check is due and that nobody checks now."""
    now = dbtime.Now()
    unknown = Q(health=Health.UNKNOWN, consecutive_failures=0, consecutive_successes=0)
    first = unknown & Q(state_since__lte=now - timedelta(seconds=FIRST_AFTER_SECONDS))
    free = Q(check_lease_until=None) | Q(check_lease_until__lte=now)
    checked = Instance.objects.filter(enabled=True, check_due_at__isnull=False)
    return checked.exclude(state__in=NOT_EXECUTABLE_STATES).filter(
        free, first | Q(check_due_at__lte=now)
    )


def any_due() -> bool:
    return due().exists()


def run_due() -> int:
    """Check what is due, a few at a time, until nothing is; the number of checks begun."""
    slots, begun = threading.BoundedSemaphore(HEALTH_THREADS), 0
    with Pool("hub-health") as pool:
        while not stop.requested and (claimed := [pk for pk in _waiting() if _claim(pk)]):
            for pk in claimed:
                slots.acquire()
                pool.submit(partial(_check_and_release, pk, slots))
            begun += len(claimed)
        for _ in range(HEALTH_THREADS):
            slots.acquire()
    return begun


def check_now(instance_id: UUID) -> CheckResult | None:
    """Check one claimed instance and write the result; None when there was none to write."""
    with revision.scope():
        try:
            instance = runtime.by_id(instance_id)
            instance.require_ready()
            result = health_call.check(instance)
        except HubError as error:
            # Deleted, disabled or changed since it was claimed: nothing was learnt of its health.
            logger.info("health.skipped", instance_id=str(instance_id), code=error.code)
            _release(instance_id)
            return None
        if result.ok is None:
            _release(instance_id)
            return None
        record(instance, result)
        return result


def record(instance: RuntimeInstance, result: CheckResult) -> HealthState | None:
    """Write one result, the instance's health, and an event if that changed; one transaction."""
    with transaction.atomic():
        row = Instance.objects.select_for_update().filter(pk=instance.id).first()
        if row is None or result.ok is None:
            return None
        before = HealthState(row.health, row.consecutive_failures, row.consecutive_successes)
        after = before.after(ok=result.ok)
        _keep(row, result)
        _update(row, after, result, instance.spec.health_interval_seconds)
        if after.health != before.health:
            data = {
                "health": after.health,
                "previous": before.health,
                "reason": _reason(after, result),
            }
            events.emit(type=EventType.HEALTH_CHANGED, subject=row.slug, data=data)
    return after


def _check_and_release(instance_id: UUID, slots: threading.BoundedSemaphore) -> None:
    try:
        check_now(instance_id)
    finally:
        slots.release()


def _waiting() -> list[UUID]:
    rows = due().order_by("check_due_at").values_list("pk", flat=True)
    return list(rows[: HEALTH_THREADS * 2])


def _claim(instance_id: UUID) -> bool:
    until = dbtime.Now() + timedelta(seconds=LEASE_SECONDS)
    return due().filter(pk=instance_id).update(check_lease_until=until) == 1


def _release(instance_id: UUID) -> None:
    """Nothing was learnt: look again soon, but not at once."""
    again = dbtime.Now() + timedelta(seconds=SOON_SECONDS)
    Instance.objects.filter(pk=instance_id).update(check_due_at=again, check_lease_until=again)


def _keep(row: Instance, result: CheckResult) -> None:
    HealthCheckResult.objects.create(
        instance_id=row.pk,
        instance_slug=row.slug,
        at=clock.now(),
        ok=bool(result.ok),
        code=result.code,
        detail=result.detail,
        duration_ms=result.duration_ms,
    )


def _update(row: Instance, state: HealthState, result: CheckResult, interval: float) -> None:
    """The ETag stays: it guards what operators write, and this is none of it."""
    columns = {
        "consecutive_failures": state.failures,
        "consecutive_successes": state.successes,
        "check_due_at": dbtime.Now() + timedelta(seconds=_next_in(state, interval)),
        "check_lease_until": None,
    }
    if state.health != row.health:
        columns |= {
            "health": state.health,
            "health_reason": _reason(state, result)[:500],
            "health_since": clock.now(),
        }
    Instance.objects.filter(pk=row.pk).update(**columns)


def _next_in(state: HealthState, interval: float) -> float:
    """Seconds to the next check: sooner while undecided, spread a little so as not to march."""
    base = min(interval, SOON_SECONDS) if state.undecided else interval
    return base * (1 - JITTER * _random.random())


def _reason(state: HealthState, result: CheckResult) -> str:
    if state.health == Health.HEALTHY:
        return f"{state.successes} checks in a row succeeded."
    if not result.ok:
        return f"{state.failures} checks in a row failed, the last with {result.code}: " + (
            result.detail
        )
    return ""
