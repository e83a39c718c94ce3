"""What a definition's page says of another version of it."""

from __future__ import annotations

from typing import Any

from integration_hub.lib.errors import HubError
from registry.comparing import compare_versions, published_before, version_against
from registry.models import Definition
from registry.refs import sort_key

_MOST_VERSIONS = 200
_MOST_CHANGES = 200


def comparison_of(row: Definition, wanted: str) -> dict[str, Any]:
    """For the page: the versions to compare with, and the changes since one of them.

    Without a wish that is the release before; a wish that cannot be read is ignored.
    """
    others = Definition.objects.filter(slug=row.slug).exclude(pk=row.pk).order_by("-id")
    versions = list(others.values_list("version", flat=True)[:_MOST_VERSIONS])
    if not versions:
        return {}
    shown: dict[str, Any] = {"versions": sorted(versions, key=sort_key, reverse=True)}
    old = _chosen(row, wanted)
    if old is None:
        return shown
    report = compare_versions(old=old, new=row)
    return shown | {
        "against": old.version,
        "verdict": report.verdict.value,
        "honest": report.honest,
        "changes": [change.as_dict() for change in report.changes[:_MOST_CHANGES]],
    }


def hides_a_break(row: Definition) -> bool:
    """Whether publishing this draft needs a reason."""
    before = published_before(row)
    return before is not None and not compare_versions(old=before, new=row).honest


def _chosen(row: Definition, wanted: str) -> Definition | None:
    if not wanted:
        return published_before(row)
    try:
        return version_against(row, wanted)
    except HubError:
        return None
