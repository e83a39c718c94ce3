"""Writing credentials: sealed, audited and announced in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction

from credentials.choices import CredentialStatus
from credentials.data import accept
from credentials.models import Credential
from credentials.scheme import AuthScheme, schemes
from credentials.selectors import describe_credential, get_credential
from integration_hub.access.caller import Caller
from integration_hub.audit.services import record
from integration_hub.coordination import revision
from integration_hub.events.choices import EventType
from integration_hub.events.services import emit
from integration_hub.lib import clock, jsonsafe
from integration_hub.lib.errors import Fault, ValidationFailed
from integration_hub.lib.redact import MASK
from integration_hub.sealing.field import seal
from integration_hub.sealing.keyring import CannotOpen
from registry.building import spec_of_text
from registry.choices import InstanceState
from registry.models import Instance
from registry.services import set_instance_state
from registry.spec import AuthSpec, DefinitionSpec

__all__ = ["delete_credential", "describe_credential", "put_credential", "stored_data"]

REVISION = "credentials"
Precondition = Callable[[Credential | None], None]


def put_credential(
    *,
    instance: Instance,
    type: str,  # noqa: A002 - the contract's own word
    data: Any,
    auth_id: str | None = None,
    expires_at: datetime | None = None,
    caller: Caller,
    precondition: Precondition | None = None,
) -> Credential:
    """Store the credential of `instance`, in place of the one it may have.

    `auth_id` names the definition's `auth` entry (default: the one of this type).
    A `***` in `data` means unchanged. `precondition` judges the stored row under the
    instance's lock and raises. Raises ValidationFailed with a pointer for
    each fault; nothing of `data` is ever quoted.
    """
    _refuse_past(expires_at)
    with transaction.atomic():
        locked = Instance.objects.select_for_update().select_related("definition")
        home = locked.get(pk=instance.pk)
        entry = _entry(spec_of_text(home.definition.document), type, auth_id)
        scheme = schemes.get(entry.type)
        row = Credential.objects.filter(instance=home).first()
        if precondition is not None:
            precondition(row)
        same = row is not None and (row.auth_id, row.type) == (entry.id, entry.type)
        stored = stored_data(row) if row and same and _has_placeholder(data) else None
        accepted = accept(scheme, entry.options, data, stored)
        replaced = row is not None
        row = row or Credential(instance=home, revision=0)
        row.expires_at = expires_at
        _fill(row, entry, scheme, accepted)
        row.save()
        _announce(row, home, replaced=replaced, caller=caller)
        set_instance_state(
            instance_id=home.pk,
            state=InstanceState.DISCONNECTED,
            reason="",
            only_from=(InstanceState.PENDING_AUTHENTICATION,),
        )
        revision.bump(REVISION)
    return row


def delete_credential(
    *, instance: Instance, caller: Caller, precondition: Precondition | None = None
) -> None:
    """Forget the credential; an instance that needs one waits for the next. Raises NotFound."""
    with transaction.atomic():
        locked = Instance.objects.select_for_update().select_related("definition")
        home = locked.get(pk=instance.pk)
        row = get_credential(home)
        if precondition is not None:
            precondition(row)
        _audit(row, home, "credential.deleted", caller)
        row.delete()
        if spec_of_text(home.definition.document).needs_credential:
            set_instance_state(
                instance_id=home.pk,
                state=InstanceState.PENDING_AUTHENTICATION,
                reason="The credential was deleted.",
                only_from=set(InstanceState) - {InstanceState.PENDING_CONFIGURATION},
            )
        revision.bump(REVISION)


def stored_data(row: Credential) -> dict[str, Any]:
    """The data in clear, for the moment of one write. Raises ValidationFailed when unreadable."""
    try:
        return dict(jsonsafe.loads(row.open_secret()))
    except CannotOpen as error:
        raise ValidationFailed(
            f"What is stored cannot be read ({error}): send every value whole."
        ) from None


def _refuse_past(expires_at: datetime | None) -> None:
    if expires_at is not None and expires_at <= clock.now():
        fault = Fault("/expires_at", "A time in the past: it would be expired at once.", "RANGE")
        raise ValidationFailed("The credential has already expired; see errors.", errors=[fault])


def _entry(spec: DefinitionSpec, wanted: str, auth_id: str | None) -> AuthSpec:
    """The `auth` entry that the credential is for; of several, that whose id is the type."""
    fitting = [e for e in spec.auth if e.type == wanted and auth_id in (None, e.id)]
    fitting = [e for e in fitting if e.id == (auth_id or wanted)] or fitting
    if len(fitting) == 1:
        return fitting[0]
    raise ValidationFailed(
        f"{spec.ref} does not take this credential; see errors.",
        errors=[_entry_fault(spec, auth_id, fitting)],
    )


def _entry_fault(spec: DefinitionSpec, auth_id: str | None, fitting: list[AuthSpec]) -> Fault:
    listed = ", ".join(f"{e.id} ({e.type})" for e in spec.auth) or "none: it needs no credential"
    if fitting:
        return Fault(
            "/auth", f"Several entries have this type, so name one of: {listed}.", "AMBIGUOUS"
        )
    if auth_id is not None and spec.auth_by_id(auth_id) is None:
        return Fault("/auth", f"The definition has no such auth entry; it has {listed}.", "UNKNOWN")
    return Fault("/type", f"The type must be that of an auth entry; it has {listed}.", "UNKNOWN")


def _has_placeholder(data: Any) -> bool:
    from_wire = data.values() if isinstance(data, dict) else ()
    return MASK in [value for value in from_wire if isinstance(value, str)]


def _fill(row: Credential, entry: AuthSpec, scheme: AuthScheme, data: dict[str, Any]) -> None:
    row.auth_id, row.type = entry.id, entry.type
    row.secret = seal(row, "secret", jsonsafe.dumps_text(data))
    row.hint = scheme.hint(data)[:120]
    row.status, row.status_reason = CredentialStatus.ACTIVE, ""
    row.revision += 1


def _announce(row: Credential, home: Instance, *, replaced: bool, caller: Caller) -> None:
    _audit(row, home, "credential.replaced" if replaced else "credential.created", caller)
    if replaced:
        data = {
            "instance_id": str(home.pk),
            "credential_id": str(row.pk),
            "type": row.type,
            "revision": row.revision,
        }
        emit(type=EventType.CREDENTIAL_ROTATED, subject=home.slug, data=data)


def _audit(row: Credential, home: Instance, action: str, caller: Caller) -> None:
    record(
        actor=caller.owner,
        action=action,
        target_type="credential",
        target=home.slug,
        detail={"type": row.type, "auth": row.auth_id, "revision": row.revision},
    )
