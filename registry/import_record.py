"""What is kept of an import, so that a later revision of its description can be merged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from integration_hub.lib import clock, jsonsafe
from integration_hub.lib.errors import Fault, ValidationFailed
from registry.models import Definition, DefinitionImport
from registry.refs import sort_key

_LONGEST_SOURCE = 500
_MOST_TOLD = 2_000


def keep_import(
    row: Definition,
    *,
    importer: str,
    url: str,
    include: Mapping[str, Any] | None,
    document: Mapping[str, Any],
    report: Mapping[str, Any],
) -> None:
    """Remember `document` as what the description became; in the caller's transaction."""
    DefinitionImport.objects.update_or_create(
        definition=row,
        defaults={
            "importer": importer,
            "source": _without_secrets(url),
            "include": jsonsafe.dumps_text(dict(include or {})),
            "document": jsonsafe.dumps_text(dict(document)),
            "report": jsonsafe.dumps_text(_shortened(report)),
            "imported_at": clock.now(),
        },
    )


def import_behind(row: Definition) -> DefinitionImport:
    """The import that this version's local edits stand upon.

    That of the version itself, else of the highest version below it that was imported.
    Raises ValidationFailed when there is none.
    """
    rows = DefinitionImport.objects.filter(definition__slug=row.slug)
    versions = dict(rows.values_list("definition__version", "definition_id"))
    mine = sort_key(row.version)
    below = [version for version in versions if sort_key(version) <= mine]
    if not below:
        detail = (
            f"{row.ref} was not imported, so nobody knows what of it is a local edit: import "
            "under another slug, and compare."
        )
        raise ValidationFailed(detail, errors=[Fault("/merge_with", detail, "NOT_IMPORTED")])
    return rows.get(definition_id=versions[max(below, key=sort_key)])


def _without_secrets(url: str) -> str:
    """Where it was, without who asked and what else the address carries."""
    if not url:
        return ""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"[:_LONGEST_SOURCE]


def _shortened(report: Mapping[str, Any]) -> dict[str, Any]:
    """A report for people: of each list its beginning."""
    return {
        name: part[:_MOST_TOLD] if isinstance(part, list) else part for name, part in report.items()
    }
