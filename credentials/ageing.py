"""How old a secret may get before somebody should replace it: a reminder, never a lock."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from credentials.models import Credential
from integration_hub.lib import clock


def rotation_due_at(row: Credential) -> datetime | None:
    """`HUB_CREDENTIAL_ROTATION_DAYS` after a person last gave the secret; None with 0 days."""
    days = settings.HUB_CREDENTIAL_ROTATION_DAYS
    return (row.rotated_at or row.created_at) + timedelta(days=days) if days else None


def is_due(row: Credential) -> bool:
    due = rotation_due_at(row)
    return due is not None and due <= clock.now()


def due_for_rotation() -> QuerySet[Credential]:
    """Those that are due, the oldest first; nothing of them is decrypted."""
    rows = Credential.objects.defer("secret", "previous").select_related("instance")
    days = settings.HUB_CREDENTIAL_ROTATION_DAYS
    if not days:
        return rows.none()
    given = rows.annotate(given_at=Coalesce("rotated_at", "created_at"))
    return given.filter(given_at__lte=clock.now() - timedelta(days=days)).order_by("given_at")
