"""Health checks of instances: which are due, who makes them, what is written down.

An instance is checked by its definition's health method, else by whether it can be
reached and its credential opens, at the definition's interval, while it is enabled
and executable. Any worker may claim a due check;
its lease is a column of the instance, by the database's clock.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import UUID

from django.db.models import Q, QuerySet

from executor.delivery.constants import HEALTH_THREADS, SIDE_SECONDS
from executor.delivery.pool import Pool
from executor.delivery.stopping import stop
from executor.health import call, reach, recording, traffic
from executor.health.call import CheckResult
from executor.health.models import HealthStatus
from executor.health.pace import SOON_SECONDS
from executor.health.run import LONGEST_CHECK_SECONDS
from integration_hub.coordination import dbtime, revision
from integration_hub.lib import clock, log
from integration_hub.lib.errors import HubError
from registry import runtime
from registry.choices import NOT_EXECUTABLE_STATES, Health
from registry.models import Instance
from registry.runtime import RuntimeInstance

FIRST_AFTER_SECONDS = 10.0
"""How long after becoming executable an instance is first checked, however long its interval."""

LEASE_SECONDS = LONGEST_CHECK_SECONDS + 15.0
UNCHECKABLE_SECONDS = 3600.0
CERTIFICATE_EVERY = timedelta(hours=6)

logger = log.get(__name__)


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
    ends = clock.monotonic() + SIDE_SECONDS
    with Pool("hub-health") as pool:
        while not (stop.requested or clock.monotonic() > ends):
            claimed = [pk for pk in _waiting() if _claim(pk)]
            if not claimed:
                break
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
            result = made(instance)
        except HubError as error:
            # Deleted, disabled or changed since it was claimed: nothing was learnt of its health.
            logger.info("health.skipped", instance_id=str(instance_id), code=error.code)
            _release(instance_id)
            return None
        if result.ok is None:
            checkable = result.detail != reach.NOTHING_TO_CHECK
            _release(instance_id, SOON_SECONDS if checkable else UNCHECKABLE_SECONDS)
            return None
        recording.record(instance, result, _calls_beside(instance))
        return result


def made(instance: RuntimeInstance) -> CheckResult:
    """One check as the definition allows it, and a look at the certificate now and then."""
    if not instance.spec.health_method:
        return reach.check(instance)
    result = call.check(instance)
    if not result.ok:
        return result
    status = HealthStatus.objects.filter(pk=instance.id).first()
    seen = status.certificate_seen_at if status is not None else None
    if seen is not None and clock.now() - seen < CERTIFICATE_EVERY:
        return result
    return replace(result, certificate_ends_at=reach.certificate_of(instance))


def _calls_beside(instance: RuntimeInstance) -> traffic.Traffic:
    """What other calls said since the last check."""
    now = clock.now()
    status = HealthStatus.objects.filter(pk=instance.id).values_list("checked_at", flat=True)
    since = status.first() or now - timedelta(seconds=instance.spec.health_interval_seconds)
    return traffic.between(instance.slug, since, now)


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


def _release(instance_id: UUID, seconds: float = SOON_SECONDS) -> None:
    """Nothing was learnt: look again soon, but not at once."""
    again = dbtime.Now() + timedelta(seconds=seconds)
    Instance.objects.filter(pk=instance_id).update(check_due_at=again, check_lease_until=again)
