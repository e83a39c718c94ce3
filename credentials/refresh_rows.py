"""What the refresh engine writes: each a short conditional UPDATE, never with a call in it.

A claim names its owner and ends by the database's clock; an answer is stored only
over the revision that it was asked with, so a late writer changes nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from credentials.acquiring import Acquired
from credentials.choices import CredentialStatus
from credentials.errors import NotAcquired
from credentials.lasting import Lasting
from credentials.models import Credential
from integration_hub.coordination import revision
from integration_hub.coordination.dbtime import Now
from integration_hub.events.choices import EventType
from integration_hub.events.services import emit
from integration_hub.lib import clock, jsonsafe
from integration_hub.sealing.field import seal
from registry.choices import InstanceState
from registry.services import set_instance_state

LEASE = timedelta(seconds=30)
COOL_DOWN = 30.0
LONG_COOL_DOWN = 900.0
STRIKES_A_DAY = 10
"""Failures of a day after which the token endpoint is asked four times an hour at most."""

_FREE: dict[str, Any] = {"refresh_owner": "", "refresh_until": None}


def claim(row: Credential) -> str:
    """The owner's name when this caller alone may refresh this revision now, else empty."""
    owner = secrets.token_hex(16)
    free = Q(refresh_until=None) | Q(refresh_until__lte=Now())
    mine = Credential.objects.filter(free, pk=row.pk, revision=row.revision)
    taken = mine.exclude(status=CredentialStatus.REVOKED).update(
        refresh_owner=owner, refresh_until=Now() + LEASE
    )
    return owner if taken else ""


def store(row: Credential, held: Acquired, kept: Lasting, hint: str) -> bool:
    """Commit what was acquired with this revision, before its first use. False: too late."""
    now = clock.now()
    with transaction.atomic():
        stored = Credential.objects.filter(pk=row.pk, revision=row.revision).update(
            secret=seal(row, "secret", jsonsafe.dumps_text(dict(held.data))),
            revision=row.revision + 1,
            hint=hint,
            status=CredentialStatus.ACTIVE,
            status_reason="",
            refreshed_at=now,
            updated_at=now,
            retry_at=None,
            strikes=0,
            **kept.as_columns(),
            **_FREE,
        )
        if stored:
            revision.bump(revision.CREDENTIALS)
    return bool(stored)


def cool_down(row: Credential, owner: str, failure: NotAcquired) -> None:
    """Leave the token endpoint alone for a while; the credential stays as it is."""
    today = clock.now().date()
    strikes = row.strikes + 1 if row.struck_on == today else 1
    least = COOL_DOWN if strikes <= STRIKES_A_DAY else LONG_COOL_DOWN
    wait = max(least, failure.retry_after or 0.0)
    mine = Credential.objects.filter(pk=row.pk, revision=row.revision, refresh_owner=owner)
    with transaction.atomic():
        mine.update(
            retry_at=clock.now() + timedelta(seconds=wait),
            strikes=min(strikes, 30_000),
            struck_on=today,
            status_reason=failure.detail[:300],
            **_FREE,
        )
        revision.bump(revision.CREDENTIALS)


def rest(credential_id: UUID, used: int) -> None:
    """A forced refresh did not help: none is forced again for a while."""
    Credential.objects.filter(pk=credential_id, revision=used).update(
        retry_at=clock.now() + timedelta(seconds=COOL_DOWN)
    )


def end(row: Credential, slug: str, detail: str) -> bool:
    """Only a person can go on: said once, by whoever changes the row. False: it had changed."""
    alive = Credential.objects.filter(pk=row.pk, revision=row.revision)
    with transaction.atomic():
        ended = alive.exclude(status=CredentialStatus.EXPIRED).update(
            status=CredentialStatus.EXPIRED,
            status_reason=detail[:300],
            revision=F("revision") + 1,
            attend_at=None,
            updated_at=clock.now(),
            **_FREE,
        )
        if not ended:
            return False
        emit(
            type=EventType.AUTH_FAILED,
            subject=slug,
            data={"reason": "needs_reauth", "detail": detail},
        )
        set_instance_state(
            instance_id=row.instance_id,
            state=InstanceState.AUTH_ERROR,
            reason=detail,
            only_from=(
                InstanceState.DISCONNECTED,
                InstanceState.CONNECTED,
                InstanceState.AUTH_ERROR,
            ),
        )
        revision.bump(revision.CREDENTIALS)
    return True


def release(row: Credential, owner: str) -> None:
    Credential.objects.filter(pk=row.pk, refresh_owner=owner).update(**_FREE)


def merged(
    stored: Mapping[str, Any], opened: Mapping[str, Any], new: Mapping[str, Any]
) -> dict[str, Any]:
    """What to seal: `new` where it differs from what was opened, else what is stored.

    A value that stands for another one (a reference) stays what it is.
    """
    return {
        name: stored[name] if name in stored and opened.get(name) == value else value
        for name, value in new.items()
    }
