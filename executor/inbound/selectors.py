"""Reading received hooks: only those of instances that the caller sees."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from executor.inbound.models import ReceivedHook
from integration_hub.access.caller import Caller
from integration_hub.lib.errors import NotFound
from registry.models import Instance


def visible(caller: Caller) -> QuerySet[ReceivedHook]:
    """Without their bytes, which no list needs."""
    found = ReceivedHook.objects.defer("raw")
    if caller.instances:
        found = found.filter(instance_slug__in=caller.instances)
    if caller.contexts:
        found = found.filter(instance_id__in=Instance.objects.visible_to(caller).values("pk"))
    return found


def get(hook_id: UUID, caller: Caller) -> ReceivedHook:
    """Raises NotFound, also for one that the caller may not see."""
    row = visible(caller).filter(pk=hook_id).first()
    if row is None:
        raise NotFound("There is no such webhook; it may have been purged.")
    return row
