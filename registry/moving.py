"""Moving many instances of a definition between its versions, each judged by itself."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from django.db.models import QuerySet

from integration_hub.access.caller import Caller
from integration_hub.lib.errors import Fault, HubError, ValidationFailed
from registry.models import Definition, Instance
from registry.upgrades import preview_config, roll_back_instance, upgrade_instance

MOST_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Moved:
    """Slugs of what moved (for a preview: would move), and of what does not with the reason.

    `more`: some were left over.
    """

    moved: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]
    more: bool


def move_instances(
    *,
    definition: Definition,
    actor: str,
    caller: Caller | None = None,
    slugs: Collection[str] | None = None,
    dry_run: bool = False,
) -> Moved:
    """Put the definition's instances on this version, up or back, each by itself.

    One whose config does not hold there stays where it is. At most 1,000 at once, of
    those that `caller` sees; with `slugs` only these. Raises ValidationFailed for a slug
    that is none of them.
    """
    rows = Instance.objects.filter(definition__slug=definition.slug)

    def move(row: Instance) -> object:
        if dry_run:
            return preview_config(instance=row, version=definition.version)
        return upgrade_instance(instance=row, version=definition.version, actor=actor)

    chosen = _chosen(rows, caller, slugs)
    return _each(chosen.exclude(definition=definition), move)


def roll_back_instances(
    *,
    definition: Definition,
    actor: str,
    caller: Caller | None = None,
    slugs: Collection[str] | None = None,
) -> Moved:
    """Take the instances on this version back to what each was on before its last upgrade."""
    rows = Instance.objects.filter(definition=definition)
    chosen = _chosen(rows, caller, slugs)
    if slugs is None:
        chosen = chosen.exclude(previous_version="")
    return _each(chosen, lambda row: roll_back_instance(instance=row, actor=actor))


def _chosen(
    rows: QuerySet[Instance], caller: Caller | None, slugs: Collection[str] | None
) -> QuerySet[Instance]:
    seen = rows if caller is None else rows.filter(pk__in=Instance.objects.visible_to(caller))
    if slugs is None:
        return seen
    chosen = seen.filter(slug__in=slugs)
    unknown = sorted(set(slugs) - set(chosen.values_list("slug", flat=True)))
    if unknown:
        faults = [
            Fault("/instances", f"{slug[:80]!r} is no instance of it.", "UNKNOWN_INSTANCE")
            for slug in unknown[:100]
        ]
        raise ValidationFailed("Not all of these are instances of it; see errors.", errors=faults)
    return chosen


def _each(rows: QuerySet[Instance], move: Callable[[Instance], object]) -> Moved:
    found = list(rows.select_related("definition").order_by("slug")[: MOST_AT_ONCE + 1])
    moved: list[str] = []
    refused: list[tuple[str, str]] = []
    for row in found[:MOST_AT_ONCE]:
        try:
            move(row)
        except HubError as error:
            refused.append((row.slug, _sentence(error)))
        else:
            moved.append(row.slug)
    return Moved(tuple(moved), tuple(refused), len(found) > MOST_AT_ONCE)


def _sentence(error: HubError) -> str:
    first = error.errors[0] if error.errors else None
    return f"{error.detail} ({first.pointer}: {first.detail})" if first else error.detail
