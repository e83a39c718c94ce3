"""Everything that is known of one instance's health, as the API and the admin show it."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from credentials.models import Credential
from credentials.selectors import view_of
from executor.health import history, recording, silences
from executor.health.models import HealthSilence, HealthStatus
from integration_hub.access.caller import Caller
from registry.choices import Health
from registry.models import Instance
from registry.runtime_instance import build


def of_instance(row: Instance, caller: Caller) -> dict[str, Any]:
    """`row` has its definition loaded; of others on its host, those that `caller` sees count."""
    found = HealthStatus.objects.filter(pk=row.pk).first()
    status = found or HealthStatus(instance=row)
    spec = build(row).spec
    return {
        "health": row.health,
        "reason": row.health_reason,
        "since": row.health_since,
        "flapping": recording.state_of(row, status).flapping,
        "checked_by": spec.health_method or None,
        "checked_at": status.checked_at,
        "interval_seconds": spec.health_interval_seconds,
        "next_check_at": row.check_due_at,
        "uptime": history.uptime(row.pk),
        "latency_ms": history.latencies(row.pk),
        "certificate_expires_at": status.certificate_ends_at,
        "credential_expires_at": _credential_ends(row),
        "quiet": [_quiet(item) for item in silences.current(row.pk).order_by("ends_at")[:10]],
        "host": _host(status, caller),
        "results": history.latest(row.pk),
    }


def _credential_ends(row: Instance) -> Any:
    found = Credential.objects.filter(instance_id=row.pk).defer("secret", "previous").first()
    return view_of(found, row.slug).expires_at if found is not None else None


def _quiet(row: HealthSilence) -> dict[str, Any]:
    return {"id": row.pk, "kind": row.kind, "ends_at": row.ends_at, "reason": row.reason}


def _host(status: HealthStatus, caller: Caller) -> dict[str, Any] | None:
    """How many of the instances that talk to the same host are ill with this one."""
    if not status.host:
        return None
    beside = Instance.objects.visible_to(caller).filter(
        enabled=True, health_status__host=status.host
    )
    failing = Q(health=Health.UNHEALTHY) | Q(consecutive_failures__gt=0)
    every, ill = beside.count(), beside.filter(failing).count()
    return {"name": status.host, "instances": every, "failing": ill, "said": _said(every, ill)}


def _said(every: int, ill: int) -> str:
    if ill < 2:
        return ""
    if ill == every:
        return f"All {every} instances of this host fail: look at the host first."
    return f"{ill} of {every} instances of this host fail."
