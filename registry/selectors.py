"""Reading definitions and instances by the names that callers use."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from integration_hub.access.caller import Caller
from integration_hub.lib.errors import DefinitionNotFound, InstanceNotFound
from integration_hub.lib.near import near_names
from registry.choices import DefinitionStatus
from registry.models import Definition, Instance
from registry.refs import Ref, highest, parse_ref

_NAMES_COMPARED = 2_000
# A version that callers are being moved away from is chosen only when no other fits.
_PREFERRED = (DefinitionStatus.PUBLISHED, DefinitionStatus.DEPRECATED)


def get_definition(ref: str, *, pointer: str = "") -> Definition:
    """The definition version that `ref` names.

    An exact version or an id finds every status; a bare slug or a range the
    highest published one that fits, else the highest deprecated one. Raises
    DefinitionNotFound with near names, ValidationFailed for an unreadable range.
    """
    wanted = parse_ref(ref, pointer)
    found = _by_id(wanted.id) if wanted.id else _by_name(wanted)
    if found is None:
        raise _no_definition(ref, wanted)
    return found


def get_instance(ref: str, caller: Caller) -> Instance:
    """The instance with this id or slug, its definition loaded.

    Raises InstanceNotFound, also for one that the caller may not see.
    """
    rows = Instance.objects.select_related("definition").visible_to(caller)
    found = rows.filter(**lookup(ref)).first()
    if found is None:
        raise no_instance(ref, caller)
    return found


def lookup(ref: str) -> dict[str, UUID | str]:
    """The filter that an instance's `ref` (id or slug) means."""
    try:
        return {"pk": UUID(ref)}
    except ValueError:
        return {"slug": ref[:80]}


def no_instance(ref: str, caller: Caller) -> InstanceNotFound:
    """The same answer for what is not there and what may not be seen."""
    slugs = Instance.objects.visible_to(caller).values_list("slug", flat=True)[:_NAMES_COMPARED]
    return InstanceNotFound(
        f"There is no instance {ref[:80]!r}; GET /instances lists them.",
        suggestions=near_names(ref, slugs),
    )


def instances_using(definition: Definition) -> QuerySet[Instance]:
    return Instance.objects.filter(definition=definition)


def _by_id(key: UUID) -> Definition | None:
    return Definition.objects.filter(pk=key).first()


def _by_name(wanted: Ref) -> Definition | None:
    rows = Definition.objects.filter(slug=wanted.slug[:80])
    if wanted.exact:
        return rows.filter(version=wanted.range).first()
    known = list(rows.filter(status__in=_PREFERRED).values_list("version", "status"))
    for status in _PREFERRED:
        best = highest(v for v, s in known if s == status and wanted.admits(v))
        if best is not None:
            return rows.filter(version=best).first()
    return None


def _no_definition(ref: str, wanted: Ref) -> DefinitionNotFound:
    rows = Definition.objects.filter(slug=wanted.slug[:80]).order_by("-id")
    versions = list(rows.values_list("version", "status")[:50])
    if versions:
        listed = ", ".join(f"{version} ({status})" for version, status in versions[:5])
        return DefinitionNotFound(
            f"No published version of {wanted.slug!r} fits {ref[:130]!r}; there are: {listed}.",
            suggestions=[f"{wanted.slug}@{version}" for version, _ in versions],
        )
    slugs = Definition.objects.order_by("slug").values_list("slug", flat=True).distinct()
    return DefinitionNotFound(
        f"There is no definition {ref[:130]!r}; GET /definitions lists them.",
        suggestions=near_names(wanted.slug, slugs[:_NAMES_COMPARED]),
    )
