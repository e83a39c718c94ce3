"""A new secret beside the old one: taken once it is proven, the old one kept for a while.

Who proves it stands above (the executor calls with it); here is what is stored.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction

from credentials.acquiring import AcquiringScheme
from credentials.data import accept
from credentials.models import Credential
from credentials.scheme import schemes
from credentials.selectors import get_credential
from credentials.services import REVISION, fill, has_placeholder, move_on, stored_data
from integration_hub.access.caller import Caller
from integration_hub.audit.services import record
from integration_hub.coordination import revision
from integration_hub.events.choices import EventType
from integration_hub.events.services import emit
from integration_hub.lib import clock, jsonsafe
from integration_hub.lib.errors import Conflict
from integration_hub.lib.redact import MASK
from integration_hub.sealing.field import seal
from integration_hub.sealing.keyring import CannotOpen
from registry.building import spec_of_text
from registry.models import Instance

DEFAULT_GRACE_SECONDS = 3_600
MAX_GRACE_SECONDS = 30 * 86_400


@dataclass(frozen=True, slots=True)
class Candidate:
    """`row` is unsaved: the credential as it will be, for calls that try it.

    `acquires`: something must be acquired with it before a call can be signed.
    """

    row: Credential
    seen: int
    acquires: bool


def prepare(*, instance: Instance, data: Any) -> Candidate:
    """The credential with this data in place of its own; nothing is stored yet.

    Raises NotFound without a credential, ValidationFailed as `put_credential` does.
    """
    found = get_credential(instance)
    home = Instance.objects.select_related("definition").get(pk=instance.pk)
    spec = spec_of_text(home.definition.effective)
    entry = spec.auth_by_id(found.auth_id)
    if entry is None or entry.type != found.type:
        raise Conflict(f"{spec.ref} has no auth entry {found.auth_id!r} any more: PUT a new one.")
    scheme = schemes.get(found.type)
    stored = stored_data(found) if has_placeholder(data) else None
    accepted = accept(scheme, entry.options, data, stored)
    row = copy.copy(found)
    fill(row, entry, scheme, accepted, jsonsafe.loads(home.config))
    acquires = isinstance(scheme, AcquiringScheme)
    if isinstance(scheme, AcquiringScheme):
        options = scheme.options_for(entry.options, jsonsafe.loads(home.config))
        acquires = scheme.can_acquire(accepted, options)
        if not acquires and not scheme.is_held(accepted):
            raise Conflict(
                f"This cannot be tried without a person: send `refresh_token` too ({MASK}: the "
                f"one that is stored), or PUT /instances/{home.slug}/credentials and connect again."
            )
    return Candidate(row, found.revision, acquires=acquires)


def commit(
    *,
    instance: Instance,
    candidate: Candidate,
    grace_seconds: int,
    verified: bool,
    caller: Caller,
) -> Credential:
    """Make the candidate the credential in force; audited and announced with it.

    Raises Conflict when somebody changed the credential since it was prepared.
    """
    with transaction.atomic():
        home = Instance.objects.select_for_update().get(pk=instance.pk)
        stored = get_credential(home)
        if stored.revision != candidate.seen:
            raise Conflict(
                f"The credential of {home.slug} was changed meanwhile: read it and rotate again."
            )
        row, old = candidate.row, _text_of(stored)
        if old is not None and grace_seconds:
            row.previous = seal(row, "previous", old)
            row.previous_until = clock.now() + timedelta(seconds=grace_seconds)
        row.save()
        _tell(row, home, verified=verified, caller=caller)
        move_on(home, waits=False)
        revision.bump(REVISION)
    return row


def previous_of(row: Credential) -> Credential | None:
    """The credential as it was before its rotation, while its grace lasts; unsaved.

    None where tokens are acquired: those of the old secret ended with it.
    """
    if isinstance(schemes.get(row.type), AcquiringScheme):
        return None
    if row.previous is None or row.previous_until is None or row.previous_until <= clock.now():
        return None
    try:
        text = row.previous.open(row)
    except CannotOpen:
        return None
    old = copy.copy(row)
    old.secret = seal(old, "secret", text)
    old.revision = row.revision - 1
    return old


def drop_ended() -> int:
    """Forget the secrets whose grace is over; how many."""
    over = Credential.objects.filter(previous_until__lte=clock.now())
    return over.update(previous=None, previous_key="", previous_until=None)


def _text_of(row: Credential) -> str | None:
    try:
        return row.open_secret()
    except CannotOpen:
        return None


def refused(*, instance: Instance, row: Credential, code: str, by: Caller) -> None:
    """Note that a new secret was tried and not taken; nothing else has changed."""
    with transaction.atomic():
        record(
            actor=by.owner,
            action="credential.rotation_failed",
            target_type="credential",
            target=instance.slug,
            detail={"type": row.type, "auth": row.auth_id, "code": code},
        )


def _tell(row: Credential, home: Instance, *, verified: bool, caller: Caller) -> None:
    until = clock.rfc3339(row.previous_until) if row.previous_until else None
    told = {"type": row.type, "revision": row.revision, "previous_until": until}
    record(
        actor=caller.owner,
        action="credential.rotated",
        target_type="credential",
        target=home.slug,
        detail={**told, "auth": row.auth_id, "verified": verified},
    )
    data = {"instance_id": str(home.pk), "credential_id": str(row.pk), **told}
    emit(type=EventType.CREDENTIAL_ROTATED, subject=home.slug, data=data)
