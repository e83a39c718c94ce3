"""Importing again: a later revision of a description, merged with what was edited here.

Base is what the description became when it was imported last, theirs what it becomes
now, ours the definition as it stands. Where both changed one place, the local edit
stays unless the caller takes the description's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction

from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import Conflict, Fault, ValidationFailed
from integration_hub.lib.three_way import Merge, merge
from registry.building import spec_of_text
from registry.choices import DefinitionStatus
from registry.compatibility import Verdict, compare
from registry.compatibility.versions import next_breaking, next_compatible
from registry.definition_services import create_definition, update_definition
from registry.document import parse_definition
from registry.import_record import import_behind, keep_import
from registry.import_services import read_draft
from registry.importing import Draft
from registry.models import Definition, DefinitionImport
from registry.refs import sort_key
from registry.resolving import resolved
from registry.selectors import get_definition
from registry.spec import DefinitionSpec

_OWN = ("slug", "version")
JSONObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reimported:
    """`definition` is None for a preview. `document` is what was, or would be, stored."""

    document: JSONObject
    report: JSONObject
    merged: Merge
    against: Definition
    base_imported_at: datetime
    definition: Definition | None = None


def reimport_definition(
    *,
    importer: str,
    merge_with: str,
    actor: str,
    slug: str = "",
    document: Any = None,
    url: str = "",
    origin: str = "",
    version: str = "",
    include: Mapping[str, Any] | None = None,
    take: Iterable[str] = (),
    dry_run: bool = False,
) -> Reimported:
    """Merge the description with the definition that `merge_with` names, and store that.

    A draft is changed in place; for any other version the outcome is a draft of a new
    version: `version`, or the description's own where it is higher, or the next number
    that is honest about the changes. Without `include` the choice of the last import
    holds. At the pointers in `take` (all of them with `""`) the description wins
    conflicts. Raises ValidationFailed, DefinitionNotFound, Conflict, TargetForbidden,
    UpstreamError; also for a merged document that is not valid, naming each fault.
    """
    ours_row = get_definition(merge_with, pointer="/merge_with")
    _refuse_other_slug(ours_row, slug)
    behind = import_behind(ours_row)
    chosen = jsonsafe.loads(behind.include) if include is None else include
    draft = read_draft(
        importer=importer,
        slug=ours_row.slug,
        document=document,
        url=url,
        origin=origin,
        include=chosen,
    )
    found = _merged(behind, ours_row, draft.document, take)
    spec = parse_definition(resolved(_named(found.value, ours_row.slug, ours_row.version)))
    in_place = ours_row.status == DefinitionStatus.DRAFT and version in ("", ours_row.version)
    number = ours_row.version if in_place else version or _next(ours_row, spec, draft)
    whole = _named(found.value, ours_row.slug, number)
    outcome = Reimported(whole, draft.report(), found, ours_row, behind.imported_at)
    if dry_run:
        return outcome
    with transaction.atomic():
        if in_place:
            row = update_definition(
                definition=ours_row,
                document=whole,
                actor=actor,
                precondition=lambda locked: _refuse_moved(ours_row, locked),
            )
        else:
            row = create_definition(document=whole, actor=actor)
        keep_import(
            row,
            importer=importer,
            url=url or origin,
            include=chosen,
            document=_named(draft.document, row.slug, row.version),
            report=outcome.report,
        )
    return replace(outcome, definition=row)


def _merged(
    behind: DefinitionImport, ours: Definition, theirs: Mapping[str, Any], take: Iterable[str]
) -> Merge:
    base, mine = jsonsafe.loads(behind.document), jsonsafe.loads(ours.document)
    return merge(_anonymous(base), _anonymous(mine), _anonymous(theirs), take=take)


def _anonymous(document: Mapping[str, Any]) -> JSONObject:
    """Without slug and version: which those are is no edit of the content."""
    return {key: value for key, value in document.items() if key not in _OWN}


def _named(document: Mapping[str, Any], slug: str, version: str) -> JSONObject:
    return {"slug": slug, "version": version, **_anonymous(document)}


def _next(ours: Definition, spec: DefinitionSpec, draft: Draft) -> str:
    """The description's own version where it is a step up, else the next honest one."""
    own = str(draft.document["version"])
    if sort_key(own) > sort_key(ours.version):
        return own
    report = compare(spec_of_text(ours.effective), spec)
    breaks = report.verdict is Verdict.BREAKING
    return next_breaking(ours.version) if breaks else next_compatible(ours.version)


def _refuse_other_slug(ours: Definition, slug: str) -> None:
    if slug and slug != ours.slug:
        detail = f"It merges with {ours.ref}, so its slug is {ours.slug!r}: leave `slug` out."
        raise ValidationFailed(detail, errors=[Fault("/slug", detail, "SLUG")])


def _refuse_moved(read: Definition, locked: Definition) -> None:
    if locked.revision != read.revision:
        raise Conflict(f"{locked.ref} was changed at the same time: import again.")
