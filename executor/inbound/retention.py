"""How long received hooks are kept: their bytes as bodies of calls are, their rows longer.

A row is what a doubled hook is known by, so it outlives every provider's retries (Stripe's
and Standard Webhooks' go on for days) twice over.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import QuerySet

from executor.delivery.portion import Portion
from executor.inbound.models import ParkedMessage, ReceivedHook
from integration_hub.lib.ids import floor_id

LEAST_DAYS = 14


def old(now: datetime, days: int) -> QuerySet[ReceivedHook]:
    """Those that have had their time."""
    return ReceivedHook.objects.filter(pk__lt=floor_id(now - timedelta(days=max(days, LEAST_DAYS))))


def old_parked(now: datetime, days: int) -> QuerySet[ParkedMessage]:
    """Those that nobody has asked after for as long as executions are kept."""
    return ParkedMessage.objects.filter(pk__lt=floor_id(now - timedelta(days=days)))


def bodies(now: datetime, days: int, portion: Portion) -> Iterator[int]:
    """Forget bytes and what is shown of them; yields the size of each batch."""
    old_ones = ReceivedHook.objects.filter(
        pk__lt=floor_id(now - timedelta(days=days)), raw__isnull=False
    )
    while keys := list(old_ones.order_by("pk").values_list("pk", flat=True)[: portion.rows]):
        stripped = ReceivedHook.objects.filter(pk__in=keys)
        stripped.update(raw=None, raw_key="", shown="", headers="{}")
        yield len(keys)
