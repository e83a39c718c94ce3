"""Maintenance windows and silences: planned, ended early, looked up by every check."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from executor.health.choices import SilenceKind
from executor.health.models import HealthSilence
from integration_hub.access.caller import Caller
from integration_hub.audit.services import record
from integration_hub.lib import clock
from integration_hub.lib.errors import Fault, Forbidden, NotFound, ValidationFailed
from registry import selectors
from registry.models import Instance

LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Quiet:
    """What holds for one instance now; true where anything does."""

    maintenance: bool = False
    silence: bool = False

    def __bool__(self) -> bool:
        return self.maintenance or self.silence


def in_force(instance_id: UUID) -> Quiet:
    """What an instance, or every instance, is in now; one statement."""
    kinds = set(current(instance_id).values_list("kind", flat=True))
    return Quiet(SilenceKind.MAINTENANCE in kinds, SilenceKind.SILENCE in kinds)


def current(instance_id: UUID) -> QuerySet[HealthSilence]:
    now = clock.now()
    mine = Q(instance_id=instance_id) | Q(instance_id=None)
    return HealthSilence.objects.filter(mine, starts_at__lte=now, ends_at__gt=now)


def visible_to(caller: Caller) -> QuerySet[HealthSilence]:
    """Those of every instance, and those of instances that exist for the caller."""
    seen = Instance.objects.visible_to(caller)
    mine = Q(instance=None) | Q(instance__in=seen)
    return HealthSilence.objects.filter(mine).select_related("instance")


def create_silence(
    *,
    caller: Caller,
    kind: str,
    ends_at: datetime,
    starts_at: datetime | None = None,
    instance: str = "",
    reason: str = "",
) -> HealthSilence:
    """Plan one; without `instance` for every instance. Audited.

    Raises ValidationFailed for times in the wrong order, InstanceNotFound, and Forbidden
    for everything by a token that is limited to some.
    """
    begins = starts_at or clock.now()
    check_times(begins, ends_at)
    if not instance and (caller.instances or caller.contexts):
        raise Forbidden("This token is limited to some instances: name one of them.")
    with transaction.atomic():
        row = HealthSilence.objects.create(
            kind=SilenceKind(kind),
            instance=selectors.get_instance(instance, caller) if instance else None,
            starts_at=begins,
            ends_at=ends_at,
            reason=reason,
            created_by=caller.owner,
        )
        _audit("created", row, caller)
    return row


def end_silence(*, caller: Caller, silence_id: UUID) -> None:
    """End one that is in force, take back one that is not yet. Audited; raises NotFound."""
    with transaction.atomic():
        rows = visible_to(caller).select_for_update(of=("self",))
        row = rows.filter(pk=silence_id, ends_at__gt=clock.now()).first()
        if row is None:
            raise NotFound("There is no such maintenance or silence to come or in force.")
        if row.instance_id is None and (caller.instances or caller.contexts):
            raise Forbidden("It is of every instance, and this token is limited to some.")
        _audit("ended", row, caller)
        if row.starts_at >= clock.now():
            row.delete()
        else:
            HealthSilence.objects.filter(pk=row.pk).update(ends_at=clock.now())


def check_times(starts_at: datetime, ends_at: datetime) -> None:
    """Raises ValidationFailed for an end that is over, or more than a year away."""
    now = clock.now()
    faults = []
    if ends_at <= max(starts_at, now):
        faults.append(Fault("/ends_at", "is not after its start and the present.", "ORDER"))
    elif ends_at - starts_at > LONGEST or ends_at - now > 2 * LONGEST:
        faults.append(Fault("/ends_at", f"is more than {LONGEST.days} days away.", "RANGE"))
    if faults:
        raise ValidationFailed("The times of it are wrong.", errors=faults)


def _audit(verb: str, row: HealthSilence, caller: Caller) -> None:
    detail = {"kind": row.kind, "starts_at": str(row.starts_at), "ends_at": str(row.ends_at)}
    record(
        actor=caller.owner,
        action=f"health_silence.{verb}",
        target_type="health_silence",
        target=row.instance.slug if row.instance else "*",
        detail=detail,
    )
