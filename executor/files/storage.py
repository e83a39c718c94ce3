"""The directory of files on this host's disk; another storage may stand in `STORAGES["files"]`."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.core.files.storage import FileSystemStorage


class FilesDirectory(FileSystemStorage):
    """HUB_FILES_DIR: readable by the hub's user alone. A save is a rename, so whole or absent."""

    def __init__(self) -> None:
        super().__init__(file_permissions_mode=0o600, directory_permissions_mode=0o700)

    @property
    def base_location(self) -> Path:
        return Path(settings.HUB_FILES_DIR)

    @property
    def location(self) -> str:
        return str(self.base_location.absolute())
