"""Reading named transforms by the references that definitions and callers use.

The model is found by its name, because this is registered before any is loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import apps
from django.db.models import QuerySet

from integration_hub.lib.errors import NotFound
from integration_hub.lib.near import near_names
from registry.refs import Ref, highest, parse_ref
from transformer.choices import TransformStatus

if TYPE_CHECKING:
    from transformer.models import NamedTransform

_NAMES_COMPARED = 2_000


def get_transform(ref: str, *, pointer: str = "") -> NamedTransform:
    """The version that `ref` names: id, slug, slug@1.2.0 or a range.

    An exact version or an id finds every status; else it is the highest published one
    that fits. Raises NotFound with near names, ValidationFailed for an unreadable range.
    """
    wanted = parse_ref(ref, pointer)
    found = _by_name(wanted) if wanted.id is None else _rows().filter(pk=wanted.id).first()
    if found is None:
        raise _not_found(ref, wanted)
    return found


def _by_name(wanted: Ref) -> NamedTransform | None:
    rows = _rows().filter(slug=wanted.slug[:80])
    if wanted.exact:
        return rows.filter(version=wanted.range).first()
    known = rows.filter(status=TransformStatus.PUBLISHED).values_list("version", flat=True)
    best = highest(version for version in known if wanted.admits(version))
    return None if best is None else rows.filter(version=best).first()


def _not_found(ref: str, wanted: Ref) -> NotFound:
    rows = _rows().filter(slug=wanted.slug[:80]).order_by("-id")
    versions = list(rows.values_list("version", "status")[:5])
    if versions:
        listed = ", ".join(f"{version} ({status})" for version, status in versions)
        return NotFound(
            f"No published version of the transform {wanted.slug!r} fits {ref[:130]!r}; "
            f"there are: {listed}.",
            suggestions=[f"{wanted.slug}@{version}" for version, _ in versions],
        )
    slugs = _rows().order_by("slug").values_list("slug", flat=True).distinct()
    return NotFound(
        f"There is no transform {ref[:130]!r}; GET /transforms lists them.",
        suggestions=near_names(wanted.slug, slugs[:_NAMES_COMPARED]),
    )


def _rows() -> QuerySet[NamedTransform]:
    rows: QuerySet[NamedTransform] = apps.get_model("transformer", "NamedTransform").objects.all()
    return rows
