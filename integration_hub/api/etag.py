"""ETag and If-Match (RFC 9110): a write based on an old reading is refused."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from integration_hub.lib.errors import PreconditionFailed


def etag_of(row: Any) -> str:
    """A strong ETag: the row's `revision`, else the time of its last change."""
    revision = getattr(row, "revision", None)
    mark = revision if revision is not None else row.updated_at.isoformat()
    return f'"{row.pk}-{mark}"'


def check_if_match(request: HttpRequest, row: Any | None) -> None:
    """Raise PreconditionFailed when If-Match names none but other versions of `row`.

    Where there is no row yet (None) nothing matches. Without the header nothing is
    checked. Call it on a locked row, or write with a condition on `revision`, so that
    nothing changes in between.
    """
    header = request.META.get("HTTP_IF_MATCH", "").strip()
    if not header or (header == "*" and row is not None):
        return
    if row is None:
        raise PreconditionFailed("There is nothing yet that If-Match could mean; leave it out.")
    # A weak tag (W/…) never matches here: RFC 9110 asks for strong comparison.
    if etag_of(row) not in [tag.strip() for tag in header.split(",")]:
        raise PreconditionFailed(
            "It was changed since you read it, and nothing was written. Read it again and send "
            "the ETag of that answer in If-Match."
        )
