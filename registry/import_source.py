"""Where a foreign description comes from: text or an object that was sent, or an address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration_hub.egress import http
from integration_hub.egress.door import Deadline, HttpRequest
from integration_hub.lib.errors import Fault, IntegrationFailed, ValidationFailed
from registry.reading import read_document

MAX_SOURCE = 16 * 1024 * 1024
FETCH_SECONDS = 20.0
_REDIRECTS = 3
_WHAT = "a description of an API"
_ACCEPT = "application/json, application/yaml;q=0.9, */*;q=0.5"


def read_source(*, document: Any = None, url: str = "") -> dict[str, Any]:
    """The description as an object. Raises ValidationFailed, TargetForbidden, UpstreamError.

    `document` is an object, or its text as str or bytes, JSON or YAML.
    """
    if (document is None) == (not url):
        detail = "Give the description as `document` or its address as `url`, one of them."
        raise ValidationFailed(detail, errors=[Fault("/document", detail, "REQUIRED")])
    if url:
        document = _fetched(url)
    if isinstance(document, Mapping):
        return dict(document)
    raw = document.encode("utf-8", "surrogatepass") if isinstance(document, str) else document
    if not isinstance(raw, bytes):
        detail = "A description is an object, or the text of one."
        raise ValidationFailed(detail, errors=[Fault("/document", detail, "TYPE")])
    return read_document(raw, max_bytes=MAX_SOURCE, what=_WHAT)


def _fetched(url: str) -> bytes:
    answer = http.send(
        HttpRequest("GET", url, {"Accept": _ACCEPT}),
        deadline=Deadline(FETCH_SECONDS),
        redirects=_REDIRECTS,
        max_bytes=MAX_SOURCE,
    )
    if answer.status != 200:
        detail = f"The address of the description answered {answer.status}, not 200."
        raise IntegrationFailed(detail, upstream_status=answer.status)
    return answer.content
