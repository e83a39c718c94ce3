"""Whose events a caller sees, and who may touch sinks."""

from __future__ import annotations

from django.db.models import QuerySet

from integration_hub.access.caller import Caller
from integration_hub.events.models import Event
from integration_hub.events.subjects import subject_rules
from integration_hub.lib.errors import Forbidden


def visible_events(caller: Caller) -> QuerySet[Event]:
    """Those of subjects that exist for the caller; all of them for one without limits."""
    rows = Event.objects.all()
    if not caller.is_limited:
        return rows
    if caller.instances:
        rows = rows.filter(subject__in=caller.instances)
    if not caller.contexts:
        return rows
    if not subject_rules.names():
        return rows.none()
    for _, rule in subject_rules:
        rows = rows.filter(subject__in=rule(caller))
    return rows


def require_unlimited(caller: Caller, what: str = "Event sinks hear") -> None:
    """Sinks hear of every instance, so only a caller without limits may see or set them up.

    `what` is the beginning of the sentence, for others of whom the same is true.
    """
    if caller.is_limited:
        raise Forbidden(
            f"{what} of every instance; a token limited to some may not touch them. "
            "Use a token without limits."
        )
