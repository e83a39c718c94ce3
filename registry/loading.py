"""Definitions as code: files in, one transaction over all of them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import transaction

from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import Fault, HubError, ValidationFailed
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
from registry.spec import DefinitionSpec
from registry.yaml_writer import dump

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
    spec: DefinitionSpec | None = field(default=None, repr=False)

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


def load_files(files: list[Path], *, publish: bool, dry_run: bool, actor: str) -> list[Loaded]:
    """Load all of them or, when one is refused, none. The same content changes nothing."""
    results = [_read(path) for path in files]
    _refuse_twice(results)
    with transaction.atomic():
        for item in results:
            if item.spec is not None:
                _apply(item, publish=publish, actor=actor)
        if not all(item.ok for item in results):
            transaction.set_rollback(True)
            _take_back(results)
        elif dry_run:
            transaction.set_rollback(True)
    return results


def _take_back(results: list[Loaded]) -> None:
    for item in results:
        if item.ok:
            item.action, item.detail = "not_loaded", "another file was refused"


def _read(path: Path) -> Loaded:
    item = Loaded(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValidationFailed(f"Larger than {MAX_BYTES // 1024 // 1024} MiB.")
        kind = "application/json" if path.suffix == ".json" else "application/yaml"
        item.spec = parse_definition(read_document(path.read_bytes(), kind))
        item.ref = item.spec.ref
    except OSError as error:
        item.detail = f"cannot be read: {error.strerror}"
    except HubError as error:
        item.detail, item.faults = error.detail, error.errors
    return item


def _refuse_twice(results: list[Loaded]) -> None:
    first: dict[str, Path] = {}
    for item in results:
        if item.spec is not None and first.setdefault(item.ref, item.path) != item.path:
            item.spec, item.detail = None, f"{item.ref} is also in {first[item.ref]}"


def _apply(item: Loaded, *, publish: bool, actor: str) -> None:
    """Bring the registry to what the file says; a refusal is noted, not raised."""
    spec = item.spec
    if spec is None:
        return
    row = Definition.objects.filter(slug=spec.slug, version=spec.version).first()
    item.diff = _diff(row, spec, item.path)
    try:
        with transaction.atomic():
            item.action = _store(row, spec, publish=publish, actor=actor)
    except HubError as error:
        item.action, item.faults = "refused", error.errors
        item.detail = error.detail


def _store(row: Definition | None, spec: DefinitionSpec, *, publish: bool, actor: str) -> str:
    if row is None:
        create_definition(document=spec.document, actor=actor, publish=publish)
        return "created"
    action = "unchanged"
    if row.digest != digest_of(spec.document):
        row = update_definition(definition=row, document=spec.document, actor=actor)
        action = "changed"
    if publish and row.status == DefinitionStatus.DRAFT:
        publish_definition(definition=row, actor=actor)
        action = "published"
    return action


def _diff(row: Definition | None, spec: DefinitionSpec, path: Path) -> str:
    """A unified diff from what is stored to what the file says, both as canonical YAML."""
    before = dump(jsonsafe.loads(row.document)).decode() if row else ""
    after = dump(spec.document).decode()
    name = f"stored {spec.ref}" if row else "/dev/null"
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), name, str(path), lineterm=""
    )
    return "\n".join(lines)
