"""The card of credentials: what ended, what ends soon, what is due for rotation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.urls import reverse

from credentials import ageing
from credentials.choices import CredentialStatus
from credentials.models import Credential
from credentials.selectors import current_status, ends_for_good
from integration_hub.access.home import (
    LINES,
    Card,
    Figure,
    Line,
    Link,
    Tone,
    Viewer,
    counted,
    listing,
    shown,
)
from integration_hub.lib import clock
from registry.models import Instance

SOON = timedelta(days=30)
URGENT = timedelta(days=7)
LOOKED_AT = 100
_MODEL = "credentials_credential"
_SOONEST = Coalesce("expires_at", "token_expires_at", "created_at")
_OVER = (CredentialStatus.EXPIRED, CredentialStatus.REVOKED)


def need_a_person(rows: QuerySet[Credential]) -> QuerySet[Credential]:
    """Those of `rows` that ended, or end within 30 days and are not renewed by themselves."""
    soon = clock.now() + SOON
    once = Q(refresh_at=None, token_expires_at__lte=soon)
    return rows.filter(Q(status__in=_OVER) | Q(expires_at__lte=soon) | once)


def cards(viewer: Viewer) -> Iterator[Card]:
    """Two statements; nothing is decrypted."""
    if not viewer.may("credentials.view_credential"):
        return
    seen = Credential.objects.defer("secret", "previous").select_related("instance")
    if viewer.caller.is_limited:
        seen = seen.filter(instance__in=Instance.objects.visible_to(viewer.caller))
    rows = sorted(need_a_person(seen).order_by(_SOONEST)[: LOOKED_AT + 1], key=_when)
    yield Card(
        name="credentials",
        title="Credentials",
        rank=70,
        figures=[_ending(rows, viewer.now), *_rotation(seen)],
        lines=[_line(row, viewer.now) for row in rows[:LINES]],
        more=Link("All credentials", listing(_MODEL)),
        empty=f"None ended, and none ends within {SOON.days} days.",
    )


def _ending(rows: list[Credential], now: datetime) -> Figure:
    tones = {_tone(row, now) for row in rows}
    tone = next((tone for tone in (Tone.BAD, Tone.WARN) if tone in tones), Tone.OK)
    value = f"{LOOKED_AT}+" if len(rows) > LOOKED_AT else f"{len(rows)}"
    return Figure(
        f"Credentials that ended, or will in {SOON.days} days",
        value,
        listing(_MODEL, ends="soon"),
        tone,
    )


def _rotation(seen: QuerySet[Credential]) -> list[Figure]:
    due = ageing.due_for_rotation()
    count = counted(seen.filter(pk__in=due.order_by().values("pk")))
    if not count:
        return []
    return [
        Figure(
            "Credentials due for rotation", shown(count), listing(_MODEL, rotation="due"), Tone.WARN
        )
    ]


def _line(row: Credential, now: datetime) -> Line:
    status = current_status(row)
    badge = "ends" if status == CredentialStatus.ACTIVE else CredentialStatus(status).label
    address = reverse(f"admin:{_MODEL}_change", args=[row.pk])
    title = f"{row.instance.slug} · {row.type}"
    return Line(title, address, badge, _tone(row, now), row.status_reason, ends_for_good(row))


def _tone(row: Credential, now: datetime) -> Tone:
    """Bad where calls fail already or will within a week."""
    return Tone.BAD if row.status in _OVER or _when(row) <= now + URGENT else Tone.WARN


def _when(row: Credential) -> datetime:
    """When it ends; what has ended without a time comes first."""
    return ends_for_good(row) or row.created_at
