"""How large a request body may be, also when its length is absent or a lie.

Django reads at most Content-Length bytes (none when that is absent), so a stated
length is simply compared. A chunked body has no length: it is read here, up to
the limit, and handed on as one of known length.
"""

from __future__ import annotations

from io import BytesIO
from typing import IO

from django.conf import settings
from django.http import HttpRequest
from gunicorn.http.errors import ParseException

from integration_hub.lib.errors import PayloadTooLarge, ValidationFailed

_PIECE = 64 * 1024


def check_body(request: HttpRequest) -> None:
    """Raise PayloadTooLarge or ValidationFailed, or leave a request that is safe to read."""
    limit = int(settings.HUB_MAX_REQUEST_BYTES)
    if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
        _take(request, _read_up_to(request.META["wsgi.input"], limit))
        return
    stated = str(request.META.get("CONTENT_LENGTH") or "0").strip()
    if not (stated.isascii() and stated.isdigit()):
        raise ValidationFailed("Content-Length is not a number.")
    if len(stated) > 18 or int(stated) > limit:
        raise _too_large(limit)


def _read_up_to(stream: IO[bytes], limit: int) -> bytes:
    body = BytesIO()
    try:
        while piece := stream.read(min(_PIECE, limit + 1 - body.tell())):
            body.write(piece)
            if body.tell() > limit:
                raise _too_large(limit)
    except (ParseException, OSError) as error:
        # The server reads chunks only when asked: what is wrong with them shows here.
        raise ValidationFailed("The chunked body is malformed or ended before its end.") from error
    return body.getvalue()


def _take(request: HttpRequest, body: bytes) -> None:
    request.META["CONTENT_LENGTH"] = str(len(body))
    request._stream = BytesIO(body)


def _too_large(limit: int) -> PayloadTooLarge:
    return PayloadTooLarge(
        f"The body is larger than {limit} bytes. Send less, or raise HUB_MAX_REQUEST_BYTES."
    )
