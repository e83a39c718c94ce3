"""The credential of one call: ciphertext from memory, opened for the call alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction

from credentials.choices import CredentialStatus
from credentials.models import Credential
from credentials.scheme import schemes
from credentials.selectors import current_status
from integration_hub.coordination import revision
from integration_hub.coordination.revision import Cached
from integration_hub.egress.door import HttpRequest, Signed, Signer
from integration_hub.lib import jsonsafe, log
from integration_hub.lib.catalog import UnknownPlugin
from integration_hub.lib.errors import AuthFailed, InstanceNotReady
from integration_hub.sealing.keyring import CannotOpen
from registry.runtime import RuntimeInstance
from registry.spec import AuthSpec

logger = log.get(__name__)

UNREADABLE = "It cannot be opened with the FERNET_KEYS in force."

_rows: Cached[Credential | None] = Cached("credentials")


def unsigned(request: HttpRequest) -> Signed:
    return Signed(request)


@dataclass(frozen=True, slots=True)
class CredentialUse:
    """How one call authenticates. `secrets` are to be masked; neither shows in a repr."""

    sign: Signer = field(default=unsigned, repr=False)
    credential_id: UUID | None = None
    revision: int | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)


def use_for(instance: RuntimeInstance) -> CredentialUse:
    """The credential for a call of `instance`; costs no query while nothing has changed.

    Raises InstanceNotReady when it is missing or expired, AuthFailed(sent=False)
    when it cannot be opened.
    """
    if not instance.spec.auth:
        return CredentialUse()
    row = _rows.get(instance.id, partial(_load, instance.id))
    if row is None:
        return _without(instance)
    entry = _entry(instance, row)
    _require_alive(instance, row)
    data = _open(instance, row)
    try:
        scheme = schemes.get(entry.type)
    except UnknownPlugin as error:
        raise InstanceNotReady(f"{instance.slug} cannot authenticate: {error}.") from None
    return CredentialUse(
        sign=partial(scheme.apply, data=data, options=entry.options),
        credential_id=row.pk,
        revision=row.revision,
        secrets=scheme.secrets(data),
    )


def _load(instance_id: UUID) -> Credential | None:
    return Credential.objects.filter(instance_id=instance_id).first()


def _without(instance: RuntimeInstance) -> CredentialUse:
    if instance.spec.needs_credential:
        raise InstanceNotReady(
            f"{instance.slug} has no credential: PUT /instances/{instance.slug}/credentials.",
            extra={"state": "pending_authentication"},
        )
    return CredentialUse()


def _entry(instance: RuntimeInstance, row: Credential) -> AuthSpec:
    entry = instance.auth(row.auth_id)
    if entry is None or entry.type != row.type:
        raise InstanceNotReady(
            f"The credential of {instance.slug} is for {row.auth_id!r}, which "
            f"{instance.spec.ref} does not have: PUT a new one."
        )
    return entry


def _require_alive(instance: RuntimeInstance, row: Credential) -> None:
    status = current_status(row)
    if status in (CredentialStatus.EXPIRED, CredentialStatus.REVOKED):
        raise InstanceNotReady(
            f"The credential of {instance.slug} is {status}: "
            f"PUT /instances/{instance.slug}/credentials.",
            extra={"credential": status},
        )


def _open(instance: RuntimeInstance, row: Credential) -> Mapping[str, Any]:
    try:
        data: Mapping[str, Any] = jsonsafe.loads(row.open_secret())
    except CannotOpen as error:
        _flag(row, UNREADABLE)
        logger.warning("credential_unreadable", instance=instance.slug, reason=str(error))
        raise AuthFailed(
            f"The credential of {instance.slug} cannot be opened: {error}. Put the key it was "
            f"sealed with back into FERNET_KEYS, or PUT /instances/{instance.slug}/credentials.",
            sent=False,
        ) from None
    if row.status_reason == UNREADABLE:
        _flag(row, "")
    return data


def _flag(row: Credential, reason: str) -> None:
    """Say on the row, once, whether it can be read; the ciphertext is never touched."""
    with transaction.atomic():
        others = Credential.objects.filter(pk=row.pk).exclude(status_reason=reason)
        if others.update(status_reason=reason):
            revision.bump("credentials")
