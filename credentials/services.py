"""Writing credentials: sealed, audited and announced in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction

from credentials import references
from credentials.acquiring import AcquiringScheme
from credentials.choices import CredentialStatus
from credentials.data import accept
from credentials.lasting import Lasting, lasting, lasting_until
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
_CONNECT = (
    "The client is stored; a person has to consent: Connect in the admin, or "
    "POST /instances/{slug}/oauth2/start."
)
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
    scope_missing: str = "",
) -> Credential:
    """Store the credential of `instance`, in place of the one it may have.

    `auth_id` names the definition's `auth` entry (default: the one of this type).
    A `***` in `data` means unchanged. `precondition` judges the stored row under the
    instance's lock and raises. `scope_missing` are scopes that a person was asked
    for and did not grant. Raises ValidationFailed with a pointer for
    each fault; nothing of `data` is ever quoted.
    """
    _refuse_past(expires_at)
    with transaction.atomic():
        locked = Instance.objects.select_for_update().select_related("definition")
        home = locked.get(pk=instance.pk)
        entry = _entry(spec_of_text(home.definition.effective), type, auth_id)
        scheme = schemes.get(entry.type)
        row = Credential.objects.filter(instance=home).first()
        if precondition is not None:
            precondition(row)
        same = row is not None and (row.auth_id, row.type) == (entry.id, entry.type)
        stored = stored_data(row) if row and same and has_placeholder(data) else None
        accepted = accept(scheme, entry.options, data, stored)
        replaced = row is not None
        row = row or Credential(instance=home, revision=0)
        row.expires_at = expires_at
        fill(row, entry, scheme, accepted, jsonsafe.loads(home.config))
        row.scope_missing = scope_missing
        row.save()
        _announce(row, home, replaced=replaced, caller=caller)
        move_on(home, waits=_waits(scheme, entry, accepted, jsonsafe.loads(home.config)))
        revision.bump(REVISION)
    return row


def _waits(scheme: AuthScheme, entry: AuthSpec, data: dict[str, Any], config: Any) -> bool:
    """Whether only the client is known yet, and a person has to consent."""
    if not isinstance(scheme, AcquiringScheme) or scheme.is_held(data):
        return False
    return not scheme.can_acquire(data, scheme.options_for(entry.options, config))


def move_on(home: Instance, *, waits: bool) -> None:
    """An instance that waited for its credential has it now, or waits for a person's consent."""
    set_instance_state(
        instance_id=home.pk,
        state=InstanceState.PENDING_AUTHENTICATION if waits else InstanceState.DISCONNECTED,
        reason=_CONNECT.format(slug=home.slug) if waits else "",
        only_from=(InstanceState.PENDING_AUTHENTICATION,),
    )


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
        if spec_of_text(home.definition.effective).needs_credential:
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


def has_placeholder(data: Any) -> bool:
    from_wire = data.values() if isinstance(data, dict) else ()
    return MASK in [value for value in from_wire if isinstance(value, str)]


def fill(
    row: Credential, entry: AuthSpec, scheme: AuthScheme, data: dict[str, Any], config: Any
) -> None:
    """The row, unsaved, with this data as its secret and nothing left of the one before."""
    row.auth_id, row.type = entry.id, entry.type
    row.secret = seal(row, "secret", jsonsafe.dumps_text(data))
    row.hint = (references.hint(data) or scheme.hint(data))[:120]
    row.status, row.status_reason = CredentialStatus.ACTIVE, ""
    row.previous, row.previous_key, row.previous_until = None, "", None
    row.revision, row.rotated_at = row.revision + 1, clock.now()
    row.refresh_owner, row.refresh_until, row.retry_at = "", None, None
    row.refreshed_at, row.warned_days, row.strikes = None, None, 0
    for name, value in _lasting(row, entry, scheme, data, config).as_columns().items():
        setattr(row, name, value)


def _lasting(
    row: Credential, entry: AuthSpec, scheme: AuthScheme, data: dict[str, Any], config: Any
) -> Lasting:
    if not isinstance(scheme, AcquiringScheme):
        return lasting_until(row.expires_at)
    options = scheme.options_for(entry.options, config)
    held = scheme.state_of(data)
    row.refreshed_at = clock.now() if scheme.is_held(data) else None
    if scheme.is_held(data) and held.expires_at is None:
        # What was said of the whole is said of the token, which is all that ends by itself.
        held, row.expires_at = replace(held, expires_at=row.expires_at), None
    return lasting(scheme, held, options, expires_at=row.expires_at, is_new=False)


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
