"""What may be said of a credential: everything but what it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from credentials.choices import CredentialStatus
from credentials.models import Credential
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
    hint: str
    revision: int
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
        status=current_status(row),
        status_reason=row.status_reason,
        expires_at=row.expires_at,
        scope="",
        hint=row.hint,
        revision=row.revision,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def current_status(row: Credential) -> str:
    """The stored status, or `expired` once its time is over."""
    over = row.expires_at is not None and row.expires_at <= clock.now()
    return CredentialStatus.EXPIRED.value if over else str(row.status)


def choices_for(instance: Instance) -> tuple[AuthSpec, ...]:
    """The `auth` entries that a credential of this instance can be for."""
    spec = spec_of_text(instance.definition.document)
    return tuple(entry for entry in spec.auth if entry.type != "none")


def instances_without(limit: int = 500) -> list[Instance]:
    """Instances that could have a credential and have none, by slug."""
    rows = Instance.objects.filter(credential=None).select_related("definition").order_by("slug")
    return [row for row in rows[:limit] if choices_for(row)]
