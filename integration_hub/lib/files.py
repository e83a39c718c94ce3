"""Files that are replaced whole: readers see the old one or the new one, never a part."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import IO


class Replacement:
    """A context that gives a file to write; it takes the place of `path` if nothing is raised."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> IO[bytes]:
        # In the same folder: only within one file system a rename is one step.
        self._file = tempfile.NamedTemporaryFile(
            dir=self._path.parent, prefix=f".{self._path.name[:100]}.", suffix=".part", delete=False
        )
        return self._file

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        part = Path(self._file.name)
        try:
            if kind is None:
                self._file.flush()
                os.fsync(self._file.fileno())
                os.fchmod(self._file.fileno(), self._mode())
                part.replace(self._path)
        finally:
            self._file.close()
            part.unlink(missing_ok=True)

    def _mode(self) -> int:
        """The old file's, or what a new one would have."""
        try:
            return self._path.stat().st_mode & 0o777
        except FileNotFoundError:
            mask = os.umask(0)
            os.umask(mask)
            return 0o666 & ~mask
