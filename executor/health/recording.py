"""Writing what a check found: history, state, and an event where somebody has to know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction

from executor.health import pace, rollups, silences, tally, traffic, words
from executor.health.call import CheckResult
from executor.health.models import HealthCheckResult, HealthStatus
from executor.health.state import HealthState, Verdict
from executor.health.traffic import Traffic
from integration_hub.coordination import dbtime
from integration_hub.events import services as events
from integration_hub.events.choices import EventType
from integration_hub.lib import clock
from registry.models import Instance
from registry.runtime import RuntimeInstance


@dataclass(frozen=True, slots=True)
class Seen:
    """One check, the calls beside it, and what both say."""

    result: CheckResult
    traffic: Traffic
    verdict: Verdict


def judged(instance: RuntimeInstance, result: CheckResult, calls: Traffic) -> Seen:
    slow = result.duration_ms > instance.spec.health_slow_ms
    return Seen(result, calls, traffic.weighed(ok=bool(result.ok), slow=slow, traffic=calls))


def record(
    instance: RuntimeInstance, result: CheckResult, calls: Traffic | None = None
) -> HealthState | None:
    """Write one result, the instance's health, and an event if that changed; one transaction.

    In a maintenance or silence nobody is told; who is still changed after it is told of then.
    """
    seen = judged(instance, result, calls or Traffic())
    with transaction.atomic():
        row = Instance.objects.select_for_update().filter(pk=instance.id).first()
        if row is None or result.ok is None:
            return None
        status = _status(row)
        before = state_of(row, status)
        after = before.after(seen.verdict, clock.now())
        quiet = silences.in_force(row.pk)
        _keep(row, seen, maintenance=quiet.maintenance)
        reason = words.reason(after, result, seen.traffic, instance.spec.health_slow_ms)
        _update_instance(row, after, reason, _next_in(instance, after))
        if after.health != status.announced and not quiet:
            _tell(row, status, after, reason)
        _update_status(status, instance, after, result)
    return after


def state_of(row: Instance, status: HealthStatus) -> HealthState:
    return HealthState(
        health=row.health,
        failures=row.consecutive_failures,
        successes=row.consecutive_successes,
        slows=status.slows,
        answers=status.answers,
        relapses=status.relapses,
        recovered_at=status.recovered_at,
    )


def _status(row: Instance) -> HealthStatus:
    found = HealthStatus.objects.filter(pk=row.pk).first()
    return found or HealthStatus(instance=row, announced=row.health)


def _keep(row: Instance, seen: Seen, *, maintenance: bool) -> None:
    now, result = clock.now(), seen.result
    HealthCheckResult.objects.create(
        instance_id=row.pk,
        instance_slug=row.slug,
        at=now,
        ok=bool(result.ok),
        slow=seen.verdict is Verdict.SLOW,
        maintenance=maintenance,
        code=result.code,
        detail=result.detail,
        duration_ms=result.duration_ms,
    )
    counted = tally.of_check(
        seen.verdict,
        result.duration_ms,
        maintenance=maintenance,
        calls=seen.traffic.calls,
        failed=seen.traffic.failed,
    )
    rollups.add(row.pk, now, counted)


def _next_in(instance: RuntimeInstance, state: HealthState) -> float:
    method = instance.methods.get(instance.spec.health_method)
    limits = method.limits if method is not None else None
    return pace.next_in(state, instance.spec.health_interval_seconds, limits)


def _update_instance(row: Instance, state: HealthState, reason: str, seconds: float) -> None:
    """The ETag stays: it guards what operators write, and this is none of it."""
    columns = {
        "consecutive_failures": state.failures,
        "consecutive_successes": state.successes,
        "check_due_at": dbtime.Now() + timedelta(seconds=seconds),
        "check_lease_until": None,
    }
    if state.health != row.health:
        columns |= {
            "health": state.health,
            "health_reason": reason,
            "health_since": clock.now(),
        }
    Instance.objects.filter(pk=row.pk).update(**columns)


def _update_status(
    status: HealthStatus, instance: RuntimeInstance, state: HealthState, result: CheckResult
) -> None:
    now = clock.now()
    status.slows, status.answers = state.slows, state.answers
    status.relapses, status.recovered_at = state.relapses, state.recovered_at
    status.checked_at, status.duration_ms = now, result.duration_ms
    status.host = instance.upstream[:260]
    if result.certificate_ends_at is not None:
        status.certificate_ends_at, status.certificate_seen_at = result.certificate_ends_at, now
    status.save()


def _tell(row: Instance, status: HealthStatus, state: HealthState, reason: str) -> None:
    data = {"health": state.health, "previous": status.announced, "reason": reason}
    events.emit(type=EventType.HEALTH_CHANGED, subject=row.slug, data=data)
    status.announced = state.health
