"""Whose events a caller sees.

A subject is a slug that this app knows nothing more of. Which of them a limited
caller sees is answered by the app that knows instances: it registers a rule here at
start-up. Without a rule a caller limited to contexts sees none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.db.models import QuerySet

from integration_hub.access.caller import Caller
from integration_hub.events.models import Event
from integration_hub.lib.catalog import Catalog
from integration_hub.lib.errors import Forbidden

# From a caller to the subjects that it sees (a list, or a query of one column).
SubjectRule = Callable[[Caller], Iterable[str]]

subject_rules: Catalog[SubjectRule] = Catalog("subject rule")


def visible_events(caller: Caller) -> QuerySet[Event]:
    rows = Event.objects.all()
    if not _is_limited(caller):
        return rows
    if caller.instances:
        rows = rows.filter(subject__in=caller.instances)
    if caller.contexts:
        for _, rule in subject_rules:
            rows = rows.filter(subject__in=rule(caller))
        if not subject_rules.names():
            return rows.none()
    return rows


def require_unlimited(caller: Caller) -> None:
    """Sinks hear of every instance, so only a caller without limits may see or set them up."""
    if _is_limited(caller):
        raise Forbidden(
            "Event sinks hear of every instance; a token limited to some may not touch them. "
            "Use a token without limits."
        )


def _is_limited(caller: Caller) -> bool:
    return bool(caller.instances or caller.contexts)
