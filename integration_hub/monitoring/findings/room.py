"""What there is room for: files, the log and its disk, the limits in force."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from django.conf import settings
from django.core.files.base import ContentFile

from executor.delivery import ceiling
from executor.files.store import storage
from integration_hub.coordination import disk
from integration_hub.monitoring.findings.finding import Finding

_FILES = "Make HUB_FILES_DIR a directory that the hub's user may write to, the same on every host."
_ROOM = "Free room on the database's disk, or lower HUB_DATABASE_MIN_FREE_BYTES."


def files() -> Iterator[Finding]:
    """The file store takes a file, gives it back, and has room."""
    store, content = storage(), b"doctor"
    try:
        name = store.save("doctor", ContentFile(content))
        with store.open(name) as handle:
            same = handle.read() == content
        store.delete(name)
        room = shutil.disk_usage(settings.HUB_FILES_DIR).free
    except OSError as error:
        yield Finding("files", "fail", f"No file can be kept: {type(error).__name__}.", _FILES)
        return
    if not same:
        yield Finding("files", "fail", "The file store gives back another file.", _FILES)
    elif room < settings.HUB_FILES_MIN_FREE_BYTES + settings.HUB_MAX_FILE_BYTES:
        yield Finding("files", "warn", f"{room >> 20} MiB are left.", "Free room on that disk.")
    else:
        yield Finding("files", "ok", f"{settings.HUB_FILES_DIR}: {room >> 20} MiB are free.")


def size() -> Iterator[Finding]:
    """How large the log is, against its bound and the room that is left."""
    kept, bound = ceiling.kept_bytes(), settings.HUB_EXECUTION_MAX_GB
    told = f"The log takes {kept / ceiling.GIB:.2f} GB of {f'{bound} GB' if bound else 'any size'}."
    if bound and kept > bound * ceiling.GIB:
        remedy = "The oldest go before their time: raise HUB_EXECUTION_MAX_GB or keep less long."
        yield Finding("size", "warn", told, remedy)
    else:
        yield Finding("size", "ok", told)
    free = disk.free_bytes()
    if free is not None and free < settings.HUB_DATABASE_MIN_FREE_BYTES:
        yield Finding("size", "fail", f"{free >> 20} MiB are left: no work is taken.", _ROOM)


def limits() -> Iterator[Finding]:
    """The limits in force."""
    values = {
        "HUB_MAX_REQUEST_BYTES": settings.HUB_MAX_REQUEST_BYTES,
        "HUB_MAX_RESPONSE_BYTES": settings.HUB_MAX_RESPONSE_BYTES,
        "HUB_MAX_FILE_BYTES": settings.HUB_MAX_FILE_BYTES,
        "HUB_API_RATE": settings.HUB_API_RATE or "none",
        "HUB_EXECUTION_RETENTION_DAYS": settings.HUB_EXECUTION_RETENTION_DAYS,
        "HUB_PAYLOAD_RETENTION_DAYS": settings.HUB_PAYLOAD_RETENTION_DAYS
        or settings.HUB_EXECUTION_RETENTION_DAYS,
        "HUB_EXECUTION_MAX_GB": settings.HUB_EXECUTION_MAX_GB or "none",
        "HUB_WORKERS": settings.Q_CLUSTER["workers"],
        "HUB_WORKER_THREADS": settings.HUB_WORKER_THREADS,
    }
    for name, value in values.items():
        yield Finding("limits", "ok", f"{name} = {value}")
