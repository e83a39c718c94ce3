"""Files of executions: kept with a row, removed with it, strays swept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import Storage, storages

from executor.files.naming import file_name, media_type
from executor.files.spool import INCOMING, Spool
from executor.models import StoredFile
from integration_hub.lib.ids import new_id, time_of
from registry.adapter import AdapterAnswer

ALIAS = "files"
STRAY_AFTER = timedelta(days=1)
SHARDS = 256
_AT_ONCE = 1_000


def storage() -> Storage:
    return storages[ALIAS]


def described(
    spool: Spool, answer: AdapterAnswer, execution_id: UUID, *, private: bool
) -> StoredFile:
    """The unsaved row of what was spooled."""
    key = new_id()
    return StoredFile(
        id=key,
        execution_id=execution_id,
        name=file_name(answer),
        media_type=media_type(answer.content_type),
        size=spool.size,
        sha256=spool.sha256,
        path=path_of(key),
        private=private,
    )


def move_in(spool: Spool, row: StoredFile) -> None:
    """Move what came into the store. Raises InsufficientStorage."""
    if spool.path is None:
        raise ValueError("nothing was spooled")
    try:
        with spool.path.open("rb") as handle:
            content: Any = File(handle, name=str(row.pk))
            content.temporary_file_path = lambda: str(spool.path)  # a local store moves it
            row.path = storage().save(row.path, content)
    except OSError as error:
        raise spool.refused(full=False) from error
    spool.discard()


def path_of(key: UUID) -> str:
    """Sharded by a digest, so that no folder holds more than its share."""
    return f"{_shard(key):02x}/{key.hex}"


def handle_of(row: StoredFile) -> dict[str, Any]:
    """The result of a call whose answer is a file."""
    return {
        "file": {
            "id": str(row.pk),
            "name": row.name,
            "media_type": row.media_type,
            "size": row.size,
            "sha256": row.sha256,
        }
    }


def remove(rows: Iterable[StoredFile]) -> None:
    """The files, then their rows: a crash between leaves a row, and the next time removes it."""
    for row in rows:
        storage().delete(row.path)
        row.delete()


def remove_of(execution_ids: list[UUID]) -> None:
    remove(StoredFile.objects.filter(execution_id__in=execution_ids))


def sweep(now: datetime) -> Iterator[int]:
    """Files without a row and spools of dead processes; one shard of the store an hour."""
    yield _sweep_spools(now)
    shard = f"{int(now.timestamp() // 3600) % SHARDS:02x}"
    kept = storage()
    try:
        names = kept.listdir(shard)[1]
    except (FileNotFoundError, NotImplementedError):
        return
    old = {name: key for name in names if (key := _stray_key(name, now))}
    for start in range(0, len(old), _AT_ONCE):
        some = dict(list(old.items())[start : start + _AT_ONCE])
        known = set(StoredFile.objects.filter(pk__in=some.values()).values_list("pk", flat=True))
        stray = [name for name, key in some.items() if key not in known]
        for name in stray:
            kept.delete(f"{shard}/{name}")
        yield len(stray)


def _shard(key: UUID) -> int:
    return hashlib.blake2b(key.bytes, digest_size=1).digest()[0]


def _stray_key(name: str, now: datetime) -> UUID | None:
    """The key in a name that is old enough to have its row by now."""
    try:
        key = UUID(hex=name[:32])
    except ValueError:
        return None
    return key if time_of(key) < now - STRAY_AFTER else None


def _sweep_spools(now: datetime) -> int:
    folder, removed = Path(settings.HUB_FILES_DIR) / INCOMING, 0
    before = (now - STRAY_AFTER).timestamp()
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.stat().st_mtime < before:
            path.unlink(missing_ok=True)
            removed += 1
    return removed
