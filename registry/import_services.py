"""Importing: a foreign description becomes the draft of a definition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from integration_hub.lib.catalog import UnknownPlugin
from integration_hub.lib.errors import Fault, NotFound, ValidationFailed
from registry.definition_services import create_definition
from registry.import_budget import Budget
from registry.import_choice import Choice
from registry.import_record import keep_import
from registry.import_source import read_source
from registry.importer import Importer, Operation, importers
from registry.importing import Draft, make_draft
from registry.models import Definition
from registry.refs import version_of

FIRST_VERSION = "1.0.0"


@dataclass(frozen=True, slots=True)
class Imported:
    """`definition` is None for a preview. `document` is what was, or would be, stored."""

    document: dict[str, Any]
    report: dict[str, Any]
    definition: Definition | None = None


def import_definition(
    *,
    importer: str,
    slug: str,
    actor: str,
    document: Any = None,
    url: str = "",
    origin: str = "",
    version: str = "",
    include: Mapping[str, Any] | None = None,
    dry_run: bool = False,
) -> Imported:
    """Read the description, make what can be made of it, store it as a draft.

    It is `document`, which was read from `origin`, or stands at `url`: fetched and read
    before any transaction begins. Raises ValidationFailed, Conflict for a version that
    exists, TargetForbidden, UpstreamError.
    """
    draft = read_draft(
        importer=importer,
        slug=slug,
        document=document,
        url=url,
        origin=origin,
        version=version,
        include=include,
    )
    report = draft.report()
    if dry_run:
        return Imported(draft.document, report)
    with transaction.atomic():
        row = create_definition(document=draft.document, actor=actor)
        keep_import(
            row,
            importer=importer,
            url=url or origin,
            include=include,
            document=draft.document,
            report=report,
        )
    return Imported(draft.document, report, row)


def read_draft(
    *,
    importer: str,
    slug: str,
    document: Any = None,
    url: str = "",
    origin: str = "",
    version: str = "",
    include: Mapping[str, Any] | None = None,
) -> Draft:
    """What a description becomes; nothing is stored. Its version is the description's own
    where it has a semantic one, else 1.0.0."""
    found = importer_named(importer)
    budget = Budget()
    described = read_source(document=document, url=url)
    source = found.open(described, budget, url=url or origin)
    return make_draft(
        source,
        slug=slug,
        version=version or _own_version(described),
        choice=Choice.of(include),
        budget=budget,
    )


def list_operations(
    *, importer: str, document: Mapping[str, Any], url: str = ""
) -> tuple[Operation, ...]:
    """What a description offers, before anything is made of it. Raises ValidationFailed."""
    return importer_named(importer).open(document, Budget(), url=url).operations


def recognised(document: Mapping[str, Any]) -> Importer:
    """The importer that reads a description of this kind. Raises ValidationFailed."""
    for _, importer in importers:
        if importer.recognises(document):
            return importer
    known = "; ".join(importer.title for _, importer in importers)
    detail = f"What this describes cannot be told; known are: {known}."
    raise ValidationFailed(detail, errors=[Fault("/document", detail, "KIND")])


def importer_named(name: str) -> Importer:
    """Raises NotFound with near names."""
    try:
        return importers.get(name)
    except UnknownPlugin as error:
        raise NotFound(f"{error}.", suggestions=error.near) from None


def _own_version(described: Mapping[str, Any]) -> str:
    """The description's own version where it is a semantic one."""
    info = described.get("info")
    said = str(info.get("version", "")) if isinstance(info, Mapping) else ""
    parsed = version_of(said) if len(said) <= 40 else None
    return said if parsed is not None and not parsed.build else FIRST_VERSION
