"""`file:/run/secrets/x`: a file below one of the directories set aside for it."""

import os
import stat
from pathlib import Path

from django.conf import settings

from credentials.backend import CannotLookUp, SecretBackend, backends

MAX_BYTES = 65_536


@backends.register("file")
class File(SecretBackend):
    name = "file"
    title = "File"

    def fault(self, place: str) -> str:
        path = Path(place)
        if "\x00" in place or not path.is_absolute() or ".." in path.parts:
            return "file: takes an absolute path without '..', as file:/run/secrets/acme."
        if not any(path.is_relative_to(folder) for folder in settings.HUB_SECRET_DIRS):
            allowed = ", ".join(map(str, settings.HUB_SECRET_DIRS)) or "none"
            return f"Only files below HUB_SECRET_DIRS may be referred to ({allowed})."
        return ""

    def read(self, place: str, *, seconds: float) -> str:
        fault = self.fault(place)
        if fault:
            raise CannotLookUp(fault, lasting=True)
        try:
            return _text(_content(place))
        except OSError as error:
            raise CannotLookUp(
                f"The file cannot be read ({error.strerror}): see that it is there and that the "
                "hub's user may read it."
            ) from None


def _content(place: str) -> bytes:
    """Links are followed only while they stay below the same directories."""
    real = Path(place).resolve(strict=True)
    if not any(real.is_relative_to(Path(folder).resolve()) for folder in settings.HUB_SECRET_DIRS):
        raise CannotLookUp("The file is a link that leads out of HUB_SECRET_DIRS.", lasting=True)
    # Not blocking: a pipe would wait for its writer for ever.
    handle = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise CannotLookUp("It is not a regular file.", lasting=True)
        content = _read(handle)
    finally:
        os.close(handle)
    if len(content) > MAX_BYTES:
        raise CannotLookUp(f"The file is larger than {MAX_BYTES} bytes.", lasting=True)
    return content


def _read(handle: int) -> bytes:
    """At most a byte more than is allowed; a read may give less than it was asked for."""
    found = b""
    while len(found) <= MAX_BYTES and (piece := os.read(handle, MAX_BYTES + 1 - len(found))):
        found += piece
    return found


def _text(content: bytes) -> str:
    """Without the one line end that editors and `echo` leave."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise CannotLookUp("The file is not UTF-8 text.", lasting=True) from None
    return text.removesuffix("\n").removesuffix("\r")
