"""Definitions as code: files in, one transaction over all of them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import transaction

from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import Fault, HubError, ValidationFailed
from integration_hub.lib.yaml_writer import dump
from registry.building import spec_of_text
from registry.check import warnings_of
from registry.choices import DefinitionStatus
from registry.definition_services import (
    create_definition,
    digest_of,
    publish_definition,
    update_definition,
)
from registry.document import parse_definition
from registry.models import Definition
from registry.reading import MAX_BYTES, read_document
from registry.refs import sort_key
from registry.resolving import resolved

SUFFIXES = (".yaml", ".yml", ".json")


@dataclass(slots=True)
class Loaded:
    """What became of one file.

    `action`: created, changed, published, unchanged, refused, or not_loaded where
    another file was refused.
    """

    path: Path
    ref: str = ""
    action: str = "refused"
    detail: str = ""
    faults: tuple[Fault, ...] = ()
    diff: str = ""
    warnings: tuple[Fault, ...] = ()
    document: dict[str, Any] | None = field(default=None, repr=False)

    @property
    def ok(self) -> bool:
        return self.action != "refused"

    def as_dict(self) -> dict[str, Any]:
        return {
            "file": str(self.path),
            "definition": self.ref,
            "action": self.action,
            "detail": self.detail,
            "errors": [fault.as_dict() for fault in self.faults],
            "warnings": [fault.as_dict() for fault in self.warnings],
            "diff": self.diff,
        }


def files_in(paths: Iterable[str]) -> list[Path]:
    """Every definition file below `paths`, in a stable order. Raises ValidationFailed for none."""
    found: dict[Path, None] = {}
    for text in paths:
        path = Path(text)
        if not path.exists():
            raise ValidationFailed(f"{path} does not exist: name a file or a directory.")
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        wanted = [item for item in inside if item.is_file() and item.suffix in SUFFIXES]
        if not wanted:
            raise ValidationFailed(f"{path} holds no {', '.join(SUFFIXES)} file.")
        found |= dict.fromkeys(wanted)
    return list(found)


def load_files(
    files: list[Path], *, publish: bool, dry_run: bool, actor: str, reason: str = ""
) -> list[Loaded]:
    """Load all of them or, when one is refused, none. The same content changes nothing.

    `reason` publishes also what breaks users without its number saying so.
    """
    results = [read_file(path) for path in files]
    _refuse_twice(results)
    with transaction.atomic():
        for item in _in_order(results):
            _apply(item, publish=publish, dry_run=dry_run, actor=actor, reason=reason)
        if not all(item.ok for item in results):
            transaction.set_rollback(True)
            _take_back(results)
        elif dry_run:
            transaction.set_rollback(True)
    return results


def _in_order(results: list[Loaded]) -> list[Loaded]:
    """Bases before what extends them, and each version after the release that judges it."""
    read = [item for item in results if item.document is not None]
    bases = {_said(item, "slug"): _said(item, "extends").partition("@")[0] for item in read}
    return sorted(
        read,
        key=lambda item: (_depth(_said(item, "slug"), bases), sort_key(_said(item, "version"))),
    )


def _depth(slug: str, bases: Mapping[str, str]) -> int:
    """How many of the files' definitions stand above this one; a cycle ends at their number."""
    depth = 0
    while bases.get(slug) and depth < len(bases):
        slug, depth = bases[slug], depth + 1
    return depth


def _said(item: Loaded, name: str) -> str:
    return str((item.document or {}).get(name, ""))


def _take_back(results: list[Loaded]) -> None:
    for item in results:
        if item.ok:
            item.action, item.detail = "not_loaded", "another file was refused"


def read_file(path: Path) -> Loaded:
    """One file read and judged; `document` is there where it may be loaded."""
    item = Loaded(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValidationFailed(f"Larger than {MAX_BYTES // 1024 // 1024} MiB.")
        kind = "application/json" if path.suffix == ".json" else "application/yaml"
        document = read_document(path.read_bytes(), kind)
        if "extends" not in document:  # its base may be among the files: judged when applied
            parse_definition(resolved(document))
        item.document = document
        item.ref = f"{document.get('slug')}@{document.get('version')}"
    except OSError as error:
        item.detail = f"cannot be read: {error.strerror}"
    except HubError as error:
        item.detail, item.faults = error.detail, error.errors
    return item


def _refuse_twice(results: list[Loaded]) -> None:
    first: dict[str, Path] = {}
    for item in results:
        if item.document is not None and first.setdefault(item.ref, item.path) != item.path:
            item.document, item.detail = None, f"{item.ref} is also in {first[item.ref]}"


def _apply(item: Loaded, *, publish: bool, dry_run: bool, actor: str, reason: str) -> None:
    """Bring the registry to what the file says; a refusal is noted, not raised."""
    document = item.document or {}
    names = {"slug": str(document.get("slug")), "version": str(document.get("version"))}
    row = Definition.objects.filter(**names).first()
    if dry_run or (row is not None and row.digest != digest_of(document)):
        item.diff = _diff(row, item)
    try:
        with transaction.atomic():
            item.action = _store(row, document, publish=publish, actor=actor, reason=reason)
            stored = Definition.objects.get(**names)
            item.warnings = warnings_of(spec_of_text(stored.effective))
    except HubError as error:
        item.action, item.faults = "refused", error.errors
        item.detail = error.detail


def _store(
    row: Definition | None, document: dict[str, Any], *, publish: bool, actor: str, reason: str
) -> str:
    if row is None:
        create_definition(document=document, actor=actor, publish=publish, reason=reason)
        return "created"
    action = "unchanged"
    if row.digest != digest_of(document):
        row = update_definition(definition=row, document=document, actor=actor)
        action = "changed"
    if publish and row.status == DefinitionStatus.DRAFT:
        publish_definition(definition=row, actor=actor, reason=reason)
        action = "published"
    return action


def _diff(row: Definition | None, item: Loaded) -> str:
    """A unified diff from what is stored to what the file says, both as canonical YAML."""
    if row and row.digest == digest_of(item.document or {}):
        return ""
    before = dump(jsonsafe.loads(row.document)).decode() if row else ""
    after = dump(item.document).decode()
    name = f"stored {item.ref}" if row else "/dev/null"
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), name, str(item.path), lineterm=""
    )
    return "\n".join(lines)
