"""Queries with a name, and the database layer's own word on what is immutable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q

from integration_hub.access.caller import Caller
from integration_hub.lib.errors import Conflict
from registry.choices import ContextType, DefinitionStatus

if TYPE_CHECKING:
    from registry.models import Definition, Instance  # noqa: F401 - names of the row types

FROZEN = frozenset(
    {
        *("slug", "version", "name", "type", "description", "tags", "sunset"),
        *("document", "resolved", "digest"),
    }
)
IMMUTABLE = "A published definition never changes: create a new version instead."


class DefinitionQuerySet(models.QuerySet["Definition"]):
    """Refuses, whoever asks, to change or delete what was published."""

    def update(self, **changes: Any) -> int:
        if FROZEN.isdisjoint(changes):
            return super().update(**changes)
        if self.exclude(status=DefinitionStatus.DRAFT).exists():
            raise Conflict(IMMUTABLE)
        # The condition also stands in the UPDATE: a publish in between wins.
        return super(DefinitionQuerySet, self.filter(status=DefinitionStatus.DRAFT)).update(
            **changes
        )

    update.alters_data = True  # type: ignore[attr-defined]  # templates read the mark

    def delete(self) -> tuple[int, dict[str, int]]:
        if self.exclude(status=DefinitionStatus.DRAFT).exists():
            raise Conflict("Only drafts can be deleted: archive what was published.")
        return super().delete()

    delete.alters_data = True  # type: ignore[attr-defined]  # templates read the mark
    delete.queryset_only = True  # type: ignore[attr-defined]  # managers read the mark


class InstanceQuerySet(models.QuerySet["Instance"]):
    def visible_to(self, caller: Caller) -> InstanceQuerySet:
        """Those that exist for the caller: `Caller.sees`, as a query."""
        found = self
        if caller.instances:
            found = found.filter(slug__in=caller.instances)
        if caller.contexts:
            found = found.filter(_in_contexts(caller.contexts))
        return found

    def serving(self, context: dict[str, str]) -> InstanceQuerySet:
        """The global ones, and those of the named client and user."""
        wanted = Q(context_type=ContextType.GLOBAL)
        for kind in (ContextType.CLIENT, ContextType.USER):
            name = context.get(f"{kind.value}_id")
            if name:
                wanted |= Q(context_type=kind, context_id=name)
        return self.filter(wanted)


def _in_contexts(contexts: frozenset[str]) -> Q:
    wanted = Q(pk__in=())
    for context in contexts:
        kind, _, name = context.partition(":")
        wanted |= Q(context_type=kind, context_id=name)
    return wanted
