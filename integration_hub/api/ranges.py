"""Parts of a file by HTTP Range (RFC 9110 §14): one range of bytes, so that a download resumes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import IO

from integration_hub.lib.errors import RangeNotSatisfiable

_ONE = re.compile(r"bytes=[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """The bytes from `start` up to `stop`, which is not among them, of `size`."""

    start: int
    stop: int
    size: int

    @property
    def length(self) -> int:
        return self.stop - self.start

    @property
    def content_range(self) -> str:
        return f"bytes {self.start}-{self.stop - 1}/{self.size}"


def wanted(range_header: str, if_range: str, *, size: int, etag: str) -> Part | None:
    """The part that is asked for; None for the whole. Raises RangeNotSatisfiable.

    The whole is also what an `If-Range` gets that is not exactly `etag` (a strong
    one, in quotes), what is no range of bytes, and what asks for several at once.
    """
    found = _ONE.fullmatch(range_header)
    if found is None or (if_range and if_range.strip() != etag):
        return None
    first, last = found.groups()
    if first:
        start, stop = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < int(first):
            return None  # not a range at all
    elif last:
        start, stop = max(0, size - int(last)), size
    else:
        return None
    if start >= stop:
        raise RangeNotSatisfiable(f"The file has {size} bytes; the range begins after its end.")
    return Part(start, stop, size)


class PartOf:
    """A file that reads as if it were `part` alone. It has no file number to send by."""

    def __init__(self, content: IO[bytes], part: Part) -> None:
        self._content, self._left = content, part.length
        content.seek(part.start)

    def read(self, size: int = -1) -> bytes:
        data = self._content.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(data)
        return data

    def close(self) -> None:
        self._content.close()
