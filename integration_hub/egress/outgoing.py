"""A request made ready to leave: headers checked and completed, the rest as it was signed."""

from __future__ import annotations

import re
from collections.abc import Mapping

from requests.models import PreparedRequest
from requests.structures import CaseInsensitiveDict

from integration_hub.egress.body import CODINGS
from integration_hub.egress.door import HttpRequest
from integration_hub.egress.policy import Target
from integration_hub.lib.errors import TargetForbidden, ValidationFailed

MAX_HEADERS = 100
MAX_VALUE = 8 * 1024
USER_AGENT = "integration-hub"

# Headers that frame the message or steer the connection: the hub alone sets them.
OWN_HEADERS = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "host",
        "http2-settings",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)

_METHOD = re.compile(r"[A-Z][A-Z-]{0,19}")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")


def is_header_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def has_control(value: str) -> bool:
    """Whether `value` holds what may not stand in a header: controls (CR, LF), lone surrogates."""
    return _CONTROL.search(value) is not None


def prepare(request: HttpRequest, target: Target) -> PreparedRequest:
    """Raises ValidationFailed, or TargetForbidden for a Host header that names another host.

    URL and body stay exactly as they were signed: requests' own preparation
    would rewrite dot segments and escapes.
    """
    if not _METHOD.fullmatch(request.method) or request.method in ("CONNECT", "TRACE"):
        raise ValidationFailed(f"The HTTP method {request.method[:20]!r} is not sent.")
    prepared = PreparedRequest()
    prepared.method, prepared.url, prepared.body = request.method, request.url, request.body
    prepared.headers = _headers(request.headers, target)  # type: ignore[assignment]  # bytes values
    return prepared


def _headers(given: Mapping[str, str], target: Target) -> CaseInsensitiveDict[bytes]:
    headers: CaseInsensitiveDict[bytes] = CaseInsensitiveDict()
    headers["Host"] = target.origin.authority.encode("ascii")
    headers["User-Agent"] = USER_AGENT.encode("ascii")
    headers["Accept-Encoding"] = CODINGS.encode("ascii")
    for name, value in given.items():
        lower = name.lower()
        if lower == "host" and value.lower() == target.origin.authority:
            continue
        if lower == "host":
            raise TargetForbidden("The Host header may not name another host than the URL.")
        _check_header(name, lower, value)
        headers[name] = value.strip(" \t").encode()
    if len(headers) > MAX_HEADERS:
        raise ValidationFailed(f"The request has more than {MAX_HEADERS} headers.")
    return headers


def _check_header(name: str, lower: str, value: str) -> None:
    if not is_header_name(name):
        raise ValidationFailed("The request has a header whose name is not valid.")
    if lower in OWN_HEADERS:
        raise ValidationFailed(f"The header {name} is set by the hub and cannot be given.")
    if has_control(value):
        raise ValidationFailed(f"The header {name} contains control characters.")
    if len(value) > MAX_VALUE:
        raise ValidationFailed(f"The header {name} is longer than {MAX_VALUE} characters.")
