"""Comparing stored versions of one definition."""

from __future__ import annotations

from integration_hub.lib.errors import Fault, ValidationFailed
from registry.building import spec_of_text
from registry.choices import EXECUTABLE_DEFINITIONS
from registry.compatibility import Report, compare
from registry.models import Definition
from registry.refs import highest, version_of
from registry.selectors import get_definition


def compare_versions(*, old: Definition, new: Definition) -> Report:
    """What a user of `old` finds changed in `new`."""
    return compare(spec_of_text(old.effective), spec_of_text(new.effective))


def version_against(row: Definition, against: str) -> Definition:
    """The version of the same definition that `against` (exact or a range) names.

    Without one that which a publication is judged by. Raises ValidationFailed when
    there is none, DefinitionNotFound for a version that does not exist.
    """
    if against:
        return get_definition(f"{row.slug}@{against}", pointer="/against")
    found = published_before(row)
    if found is None:
        detail = f"nothing was published before {row.ref}: name a version, like 1.1.0"
        raise ValidationFailed(
            f"The query parameter 'against': {detail}.", errors=[Fault("/against", detail, "QUERY")]
        )
    return found


def published_before(row: Definition) -> Definition | None:
    """The highest version below this one that callers may use, pre-releases left out.

    A pre-release promises nothing, so a release is judged by the release before it.
    """
    mine = version_of(row.version)
    rows = Definition.objects.filter(slug=row.slug, status__in=EXECUTABLE_DEFINITIONS)
    known = ((text, version_of(text)) for text in rows.values_list("version", flat=True))
    below = highest(text for text, found in known if not found.prerelease and found < mine)
    return None if below is None else rows.get(version=below)
