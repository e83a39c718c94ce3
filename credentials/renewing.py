"""Renewing on demand, and looking after what is idle or about to end."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from credentials import runtime
from credentials.choices import CredentialStatus
from credentials.errors import NotAcquired
from credentials.lasting import EXPIRING_DAYS, IDLE_SHARE
from credentials.models import Credential
from credentials.selectors import ends_for_good, get_credential
from integration_hub.access.caller import Caller
from integration_hub.audit.services import record
from integration_hub.egress.door import Deadline
from integration_hub.events.choices import EventType
from integration_hub.events.services import emit
from integration_hub.lib import clock, log
from integration_hub.lib.errors import Conflict, HubError
from registry import runtime as registry
from registry.models import Instance

SECONDS = 25.0
AT_ONCE = 100
_LATER = timedelta(minutes=15)

_logger = log.get(__name__)


def refresh_credential(*, instance: Instance, caller: Caller) -> Credential:
    """Renew it now, due or not, also in a cool-down.

    Raises NotFound, Conflict where only a person can renew it, AuthFailed with what
    the other side said, TimedOut.
    """
    row = get_credential(instance)
    found = registry.by_id(instance.pk)
    if not runtime.is_renewable(found, row):
        raise Conflict(
            f"The credential of {instance.slug} cannot be renewed without a person: "
            f"PUT /instances/{instance.slug}/credentials, or connect it again."
        )
    # Before it is sent: what the other side gave is never thrown away for want of a row.
    _audit("credential.refresh_started", row, instance, caller)
    try:
        renewed = runtime.renew(found, seen=row.revision, deadline=Deadline(SECONDS), patient=False)
    except NotAcquired as failure:
        raise failure.as_error(instance.slug) from failure
    _audit("credential.refreshed", renewed, instance, caller)
    return renewed


def _audit(action: str, row: Credential, instance: Instance, caller: Caller) -> None:
    with transaction.atomic():
        record(
            actor=caller.owner,
            action=action,
            target_type="credential",
            target=instance.slug,
            detail={"type": row.type, "auth": row.auth_id, "revision": row.revision},
        )


def attend() -> int:
    """Announce what ends soon, once for each threshold, and use refresh tokens before they idle
    out. Gives how many credentials it looked at; each is one host's at a time."""
    now = clock.now()
    rows = Credential.objects.filter(attend_at__lte=now).select_related("instance")
    due = list(rows.defer("secret").order_by("attend_at")[:AT_ONCE])
    return sum(_attend(row, now) for row in due)


def _attend(row: Credential, now: datetime) -> bool:
    idle = _idle_seconds(row)
    mine = Credential.objects.filter(pk=row.pk, attend_at=row.attend_at)
    if not mine.update(attend_at=_next(row, now, idle)):
        return False
    _warn(row, now)
    if idle and row.status == CredentialStatus.ACTIVE and _idle_until(row, idle) <= now:
        _use(row)
    return True


def _next(row: Credential, now: datetime, idle: float) -> datetime | None:
    """When to look again; sooner than the idle limit where using the token fails."""
    last = ends_for_good(row)
    moments = [last - timedelta(days=days) for days in EXPIRING_DAYS] if last else []
    ahead = [moment for moment in moments if moment > now]
    if idle:
        ahead.append(max(_idle_until(row, idle), now + _LATER))
    return min(ahead, default=None)


def _warn(row: Credential, now: datetime) -> None:
    last = ends_for_good(row)
    if last is None or last <= now:
        return
    passed = [days for days in EXPIRING_DAYS if last - timedelta(days=days) <= now]
    nearest = min(passed, default=None)
    if nearest is None or (row.warned_days is not None and row.warned_days <= nearest):
        return
    with transaction.atomic():
        mine = Credential.objects.filter(pk=row.pk, revision=row.revision)
        if mine.filter(warned_days=row.warned_days).update(warned_days=nearest):
            emit(
                type=EventType.CREDENTIAL_EXPIRING,
                subject=row.instance.slug,
                data={"expires_at": clock.rfc3339(last), "type": row.type},
            )


def _use(row: Credential) -> None:
    try:
        found = registry.by_id(row.instance_id)
        runtime.renew(found, seen=row.revision, deadline=Deadline(SECONDS))
    except (NotAcquired, HubError) as failure:
        _logger.warning("idle_refresh_failed", instance=row.instance.slug, cause=str(failure))


def _idle_seconds(row: Credential) -> float:
    if row.refresh_at is None:
        return 0.0
    try:
        entry = registry.by_id(row.instance_id).auth(row.auth_id)
    except HubError:
        return 0.0
    return float(entry.options.get("refresh_idle_seconds", 0)) if entry else 0.0


def _idle_until(row: Credential, idle: float) -> datetime:
    used = row.refreshed_at or row.updated_at
    return used + timedelta(seconds=idle * IDLE_SHARE)
