"""The body of an answer: whole or refused, capped on the wire and decoded."""

from __future__ import annotations

import http.client
import zlib
from collections.abc import Iterator
from typing import Protocol

from integration_hub.egress.call import Call, too_large
from integration_hub.egress.door import Spool
from integration_hub.egress.response import BoundedResponse
from integration_hub.lib.errors import ConnectionFailed, ResponseInvalid, ResponseTooLarge

CODINGS = "gzip, deflate"  # what we ask for
PIECE = 64 * 1024
MAX_RATIO = 100
RATIO_FROM = 64 * 1024  # below it a body of blanks may well shrink further


def read_body(response: BoundedResponse, call: Call) -> tuple[bytes, int]:
    """The decoded body and its size on the wire, transfer framing removed.

    Raises ResponseTooLarge, ResponseInvalid, ConnectionFailed(sent=True).
    """
    if response.length is not None and response.length > call.max_bytes:
        raise too_large(call.max_bytes)
    call.expect_body()
    coding = _coding(response.fields.get("content-encoding", ""))
    wire = _read_wire(response, call)
    if coding == "identity" or not wire:
        return wire, len(wire)
    return _decode(wire, coding, call.max_bytes), len(wire)


def stream_body(response: BoundedResponse, call: Call, spool: Spool) -> int:
    """Hand the decoded body to `spool` piece by piece; its size on the wire. Raises as above."""
    call.max_bytes = spool.max_bytes
    if response.length is not None and response.length > call.max_bytes:
        raise too_large(call.max_bytes)
    call.expect_body()
    coding = _coding(response.fields.get("content-encoding", ""))
    spool.begin()
    decoder = None if coding == "identity" else StreamDecoder(coding, call.max_bytes)
    size = 0
    for piece in _pieces(response, call):
        size += len(piece)
        for part in (piece,) if decoder is None else decoder.feed(piece):
            spool.write(part)
    if decoder is not None and size:
        decoder.finish()
    spool.end()
    return size


def _read_wire(response: BoundedResponse, call: Call) -> bytes:
    return b"".join(_pieces(response, call))


def _pieces(response: BoundedResponse, call: Call) -> Iterator[bytes]:
    size = 0
    while piece := _piece(response):
        size += len(piece)
        if size > call.max_bytes:
            raise too_large(call.max_bytes)
        yield piece
    if response.length:
        raise _broken_off()


def _piece(response: BoundedResponse) -> bytes:
    try:
        return response.read(PIECE)
    except (http.client.HTTPException, ValueError):
        raise _broken_off() from None


def _broken_off() -> ConnectionFailed:
    return ConnectionFailed("The connection was closed before the answer was complete.")


def _coding(header: str) -> str:
    codings = [name for part in header.lower().split(",") if (name := part.strip())]
    named = [name.removeprefix("x-") for name in codings if name != "identity"]
    if len(named) > 1:
        raise ResponseInvalid("The answer has more than one content coding.")
    coding = named[0] if named else "identity"
    if coding not in ("identity", "gzip", "deflate"):
        raise ResponseInvalid("The answer has a content coding that was not asked for.")
    return coding


class _Inflater(Protocol):
    @property
    def unused_data(self) -> bytes: ...

    @property
    def unconsumed_tail(self) -> bytes: ...

    @property
    def eof(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


def _decode(wire: bytes, coding: str, max_bytes: int) -> bytes:
    limit = min(max_bytes, max(RATIO_FROM, len(wire) * MAX_RATIO))
    pieces: list[bytes] = []
    left = wire
    size = 0
    try:
        while left:
            inflater = _inflater(left, coding)
            pieces.append(inflater.decompress(left, limit - size + 1))
            size += len(pieces[-1])
            if size > limit:
                raise _bomb(limit, max_bytes)
            if not inflater.eof:
                raise ResponseInvalid("The compressed answer is not complete.")
            left = inflater.unused_data.lstrip(b"\0")  # padding, as gzip's own tool takes it
    except zlib.error:
        raise ResponseInvalid(f"The answer is not valid {coding}.") from None
    return b"".join(pieces)


class StreamDecoder:
    """Undoes a coding piece by piece, with the same caps as a body that is held whole."""

    def __init__(self, coding: str, max_bytes: int) -> None:
        self._coding, self._max_bytes = coding, max_bytes
        self._inflater: _Inflater | None = None
        self._wire = self._size = 0

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """The decoded parts. Raises ResponseTooLarge, ResponseInvalid."""
        self._wire += len(piece)
        left = piece
        while left:
            if self._inflater is None:
                left = left.lstrip(b"\0") if self._size else left
                if not left:
                    return
                self._inflater = _inflater(left, self._coding)
            part = self._inflate(left)
            self._size += len(part)
            self._check()
            yield part
            left = self._inflater.unconsumed_tail
            if self._inflater.eof:
                left, self._inflater = self._inflater.unused_data, None

    def finish(self) -> None:
        if self._inflater is not None:
            raise ResponseInvalid("The compressed answer is not complete.")

    def _inflate(self, left: bytes) -> bytes:
        inflater = self._inflater
        try:
            return b"" if inflater is None else inflater.decompress(left, PIECE)
        except zlib.error:
            raise ResponseInvalid(f"The answer is not valid {self._coding}.") from None

    def _check(self) -> None:
        limit = min(self._max_bytes, max(RATIO_FROM, self._wire * MAX_RATIO))
        if self._size > limit:
            raise _bomb(limit, self._max_bytes)


def _bomb(limit: int, max_bytes: int) -> ResponseTooLarge:
    if limit == max_bytes:
        return too_large(max_bytes)
    return ResponseTooLarge(f"The answer expands more than {MAX_RATIO} times when decoded.")


def _inflater(data: bytes, coding: str) -> _Inflater:
    if coding == "gzip":
        return zlib.decompressobj(16 + zlib.MAX_WBITS)
    # Deflate means zlib's format (RFC 9110), yet some send the bare stream.
    wrapped = len(data) > 1 and data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0
    return zlib.decompressobj(zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)
