"""Reading a file: into memory under the answer's limit, or through the call's spool."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator

import paramiko

from executor.sftp.operations import PIECE, Request, refusals, resolved
from integration_hub.egress.call import too_large
from integration_hub.egress.door import Spool
from integration_hub.lib.errors import ConnectionFailed

_AHEAD = 64  # requests in flight: 2 MiB


def media_type(path: str, said: str = "") -> str:
    """What the method says, else what the name suggests."""
    return said or mimetypes.guess_type(path, strict=True)[0] or "application/octet-stream"


def read(
    client: paramiko.SFTPClient, request: Request, *, limit: int, spool: Spool | None
) -> bytes:
    """The content, empty where `spool` took it.

    Raises Refused, ResponseTooLarge, ConnectionFailed, TargetForbidden, InsufficientStorage.
    """
    with refusals(), client.open(resolved(client, request, request.path), "rb") as file:
        size = file.stat().st_size or 0
        if size > limit:
            raise too_large(limit)
        pieces = _pieces(file, size, limit)
        if spool is None:
            return b"".join(pieces)
        spool.begin()
        for piece in pieces:
            spool.write(piece)
        spool.end()
    return b""


def _pieces(file: paramiko.SFTPFile, size: int, limit: int) -> Iterator[bytes]:
    """A server that gives no size, or another than it said, is still held to the limit."""
    if size:
        file.prefetch(size, max_concurrent_requests=_AHEAD)
    seen = 0
    while piece := file.read(PIECE):
        seen += len(piece)
        if seen > limit:
            raise too_large(limit)
        yield piece
    if seen < size:
        raise ConnectionFailed("The file ended before it was complete.")
