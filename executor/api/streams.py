"""The log as a stream, for REST and for the admin: as many at a time as there are seats."""

from __future__ import annotations

from django.http import StreamingHttpResponse

from executor import exporting
from executor.api import waiting
from executor.querysets import ExecutionQuerySet
from integration_hub.lib.errors import ServiceUnavailable

RETRY_AFTER_S = 10


def log_as(name: str, rows: ExecutionQuerySet) -> StreamingHttpResponse:
    """Rows in one of `exporting.FORMATS`. Raises ServiceUnavailable while all seats are taken."""
    seat = waiting.Seat()
    if not seat.taken:
        raise ServiceUnavailable(
            "Too many streams are open; ask again when one has ended.", retry_after=RETRY_AFTER_S
        )
    media_type, write = exporting.FORMATS[name]
    response = StreamingHttpResponse(waiting.Seated(write(rows), seat), content_type=media_type)
    response["Content-Disposition"] = f'attachment; filename="executions.{name}"'
    response["Cache-Control"] = "no-store"
    return response
