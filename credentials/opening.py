"""A credential's data in clear: its row opened, its references looked up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from credentials import references
from credentials.backend import CannotLookUp
from credentials.data import judge
from credentials.models import Credential
from credentials.scheme import AuthScheme
from integration_hub.coordination import revision
from integration_hub.lib import jsonsafe, log
from integration_hub.lib.errors import AuthFailed
from integration_hub.sealing.keyring import CannotOpen
from registry.runtime import RuntimeInstance

logger = log.get(__name__)

UNREADABLE = "It cannot be opened with the FERNET_KEYS in force."


def open_row(instance: RuntimeInstance, row: Credential) -> Mapping[str, Any]:
    """The data as it was stored, references and all. Raises AuthFailed(sent=False)."""
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


def _looked_up(
    instance: RuntimeInstance,
    scheme: AuthScheme,
    options: Mapping[str, Any],
    data: Mapping[str, Any],
) -> Mapping[str, Any]:
    """The data with what its references lead to, judged like data that was sent."""
    try:
        found = references.looked_up(data, scheme.fields)
    except CannotLookUp as error:
        logger.warning("credential_not_looked_up", instance=instance.slug, cause=str(error))
        raise AuthFailed(
            f"The credential of {instance.slug} cannot be looked up: {error}", sent=False
        ) from None
    faults = judge(scheme, options, found)
    if faults:
        told = "; ".join(f"{fault.pointer.rpartition('/')[2]}: {fault.detail}" for fault in faults)
        raise AuthFailed(
            f"The credential of {instance.slug} was looked up ({references.hint(data)}) and "
            f"cannot be used: {told}",
            sent=False,
        )
    return found


def readable(
    instance: RuntimeInstance, scheme: AuthScheme, options: Mapping[str, Any], row: Credential
) -> Mapping[str, Any]:
    """The data in clear, references looked up. Raises AuthFailed(sent=False)."""
    data = open_row(instance, row)
    return _looked_up(instance, scheme, options, data) if references.has_any(data) else data


def _flag(row: Credential, reason: str) -> None:
    """Say on the row, once, whether it can be read; the ciphertext is never touched."""
    with transaction.atomic():
        others = Credential.objects.filter(pk=row.pk).exclude(status_reason=reason)
        if others.update(status_reason=reason):
            revision.bump("credentials")
