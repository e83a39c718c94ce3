"""Room for the database: refused work instead of a broken database, and what a full one says."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

from django.conf import settings
from django.db import connection

from integration_hub.lib import clock, log
from integration_hub.lib.errors import InsufficientStorage

LOOK_EVERY = 2.0
RETRY_SECONDS = 60
FULL = frozenset({"53100", "58030"})
"""SQLSTATEs `disk_full` and `io_error` of PostgreSQL."""

_SQLITE_FULL = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE})
_logger = log.get(__name__)


class _Volume:
    """What was last seen of the disk that the SQLite file is on."""

    def __init__(self) -> None:
        self.looked_at = float("-inf")
        self.full = False

    def look(self) -> None:
        free = free_bytes()
        self.full = free is not None and free < settings.HUB_DATABASE_MIN_FREE_BYTES
        if self.full:
            _logger.error("database_disk_nearly_full", free_bytes=free)


volume = _Volume()


def free_bytes() -> int | None:
    """Left on the database's disk; None where this host cannot know (PostgreSQL, memory)."""
    folder = Path(str(connection.settings_dict["NAME"])).parent
    if connection.vendor != "sqlite" or not folder.is_dir():
        return None
    return shutil.disk_usage(folder).free


def require_room() -> None:
    """Raises InsufficientStorage while the disk is nearly full; looks every two seconds."""
    now = clock.monotonic()
    if now - volume.looked_at >= LOOK_EVERY:
        volume.looked_at = now
        volume.look()
    if volume.full:
        raise refusal()


def refusal() -> InsufficientStorage:
    return InsufficientStorage(
        "The hub's database has no room left: nothing new is taken until there is some.",
        retry_after=RETRY_SECONDS,
    )


def is_full(error: BaseException) -> bool:
    """Whether this is how a database without room refuses to write."""
    cause: BaseException = error.__cause__ or error
    if getattr(cause, "sqlstate", None) in FULL:
        return True
    return getattr(cause, "sqlite_errorcode", None) in _SQLITE_FULL
