"""What may be said of a credential: everything but what it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from credentials.ageing import rotation_due_at
from credentials.choices import CredentialStatus
from credentials.models import Credential
from credentials.oauth2 import scopes
from integration_hub.lib import clock
from integration_hub.lib.errors import NotFound
from registry.building import spec_of_text
from registry.models import Instance
from registry.spec import AuthSpec


@dataclass(frozen=True, slots=True)
class CredentialView:
    """`hint` is a masked mark of recognition; `scope` what the credential is granted, if told."""

    id: UUID
    instance: str
    type: str
    auth: str
    status: str
    status_reason: str
    expires_at: datetime | None
    scope: str
    scope_missing: str
    hint: str
    revision: int
    refresh_at: datetime | None
    refreshed_at: datetime | None
    rotation_due_at: datetime | None
    created_at: datetime
    updated_at: datetime


def get_credential(instance: Instance) -> Credential:
    """Raises NotFound when the instance has none."""
    found = Credential.objects.filter(instance=instance).first()
    if found is None:
        raise NotFound(
            f"{instance.slug} has no credential: PUT /instances/{instance.slug}/credentials."
        )
    return found


def describe_credential(instance: Instance) -> CredentialView:
    """Type, status, expiry and hint; nothing is decrypted. Raises NotFound."""
    return view_of(get_credential(instance), instance.slug)


def view_of(row: Credential, slug: str) -> CredentialView:
    return CredentialView(
        id=row.pk,
        instance=slug,
        type=row.type,
        auth=row.auth_id,
        status=shown_status(row),
        status_reason=reason_of(row),
        expires_at=_sooner(row),
        scope=row.scope,
        scope_missing=row.scope_missing,
        hint=row.hint,
        revision=row.revision,
        refresh_at=row.refresh_at,
        refreshed_at=row.refreshed_at,
        rotation_due_at=rotation_due_at(row),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def current_status(row: Credential) -> str:
    """The stored status, or `expired` once its time is over and nothing renews it."""
    ends = ends_for_good(row)
    over = ends is not None and ends <= clock.now()
    return CredentialStatus.EXPIRED.value if over else str(row.status)


def shown_status(row: Credential) -> str:
    """For people: also whether somebody is refreshing it now."""
    status, until = current_status(row), row.refresh_until
    if status == CredentialStatus.ACTIVE and until is not None and until > clock.now():
        return CredentialStatus.REFRESHING.value
    return status


def reason_of(row: Credential) -> str:
    """Why the status is what it is, else what a person should know all the same."""
    return row.status_reason or scopes.warning_of(row.scope_missing)


def ends_for_good(row: Credential) -> datetime | None:
    """When only a person can go on; None where that is not known."""
    return row.expires_at if row.refresh_at is not None else _sooner(row)


def _sooner(row: Credential) -> datetime | None:
    ends = [moment for moment in (row.expires_at, row.token_expires_at) if moment is not None]
    return min(ends, default=None)


def choices_for(instance: Instance) -> tuple[AuthSpec, ...]:
    """The `auth` entries that a credential of this instance can be for."""
    spec = spec_of_text(instance.definition.effective)
    return tuple(entry for entry in spec.auth if entry.type != "none")


def instances_without(limit: int = 500) -> list[Instance]:
    """Instances that could have a credential and have none, by slug."""
    rows = Instance.objects.filter(credential=None).select_related("definition").order_by("slug")
    return [row for row in rows[:limit] if choices_for(row)]
