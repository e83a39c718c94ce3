"""The bytes of one answer on their way to the store: counted, hashed, masked, capped.

They are written to a file of their own beside the store, synced to disk, and moved
into it when they are whole; whatever goes wrong removes them.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO, Any

from django.conf import settings

from integration_hub.lib.errors import InsufficientStorage

INCOMING = ".incoming"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_SHORTEST = 8  # a shorter secret would be found by chance in a picture


class Spool:
    """Takes the body of one answer, if `wanted` says so. `retryable` is what a full disk is."""

    def __init__(
        self,
        wanted: Callable[[str], bool],
        secrets: Callable[[], Iterable[str]],
        *,
        retryable: bool,
    ) -> None:
        self.max_bytes: int = settings.HUB_MAX_FILE_BYTES
        self.size = 0
        self.path: Path | None = None
        self._wanted, self._secrets, self._retryable = wanted, secrets, retryable
        self._needles: tuple[bytes, ...] = ()
        self._tail = b""
        self._digest: Any = None
        self._file: IO[bytes] | None = None

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest() if self._digest is not None else ""

    def wants(self, status: int, fields: Mapping[str, str]) -> bool:
        """Only what an external system gives, never what it says of a refusal."""
        return 200 <= status < 300 and self._wanted(fields.get("content-type", ""))

    def begin(self) -> None:
        """Make the file. Raises InsufficientStorage."""
        folder = Path(settings.HUB_FILES_DIR) / INCOMING
        self._needles = tuple(
            secret.encode() for secret in self._secrets() if len(secret) >= _SHORTEST
        )
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if shutil.disk_usage(folder).free < settings.HUB_FILES_MIN_FREE_BYTES:
                raise self.refused()
            handle, name = tempfile.mkstemp(dir=folder)
        except OSError as error:
            raise self.refused(full=error.errno in _FULL) from error
        self.path, self._file = Path(name), os.fdopen(handle, "wb")
        self._digest = hashlib.sha256()

    def write(self, piece: bytes) -> None:
        """Raises InsufficientStorage."""
        self._put(self._masked(piece))

    def end(self) -> None:
        """The bytes are on the disk. Raises InsufficientStorage."""
        self._put(self._tail)
        self._tail = b""
        if self._file is not None:
            try:
                self._file.flush()
                os.fsync(self._file.fileno())
                self._file.close()
            except OSError as error:
                raise self.refused(full=error.errno in _FULL) from error
            self._file = None

    def discard(self) -> None:
        """Leave nothing; safe at any time."""
        if self._file is not None:
            self._file.close()
        if self.path is not None:
            self.path.unlink(missing_ok=True)
        self.path = self._file = None

    def _put(self, data: bytes) -> None:
        if self._file is None:
            return
        self.size += len(data)
        self._digest.update(data)
        try:
            self._file.write(data)
        except OSError as error:
            raise self.refused(full=error.errno in _FULL) from error

    def _masked(self, piece: bytes) -> bytes:
        """The hub's own secrets become `*`, their length kept; what may begin one waits."""
        if not self._needles:
            return piece
        data = self._tail + piece
        for needle in self._needles:
            data = data.replace(needle, b"*" * len(needle))
        keep = max(map(len, self._needles)) - 1
        self._tail = data[-keep:]
        return data[:-keep]

    def refused(self, *, full: bool = True) -> InsufficientStorage:
        """What is said when the store cannot take it."""
        what = "has too little room left" if full else "cannot be written to"
        return InsufficientStorage(
            f"The answer could not be kept: the file store {what}.", retryable=self._retryable
        )
