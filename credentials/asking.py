"""One request for what a credential needs (a token, a session, metadata), its errors told."""

from __future__ import annotations

from credentials.choices import Reason
from credentials.errors import NotAcquired
from integration_hub.egress import http
from integration_hub.egress.door import Deadline, HttpAnswer, HttpRequest, TlsOptions
from integration_hub.lib.errors import (
    ConnectionFailed,
    Forbidden,
    HubError,
    ResponseTooLarge,
    TimedOut,
    UpstreamError,
)

MAX_ANSWER = 256 * 1024


def send(
    request: HttpRequest,
    *,
    hosts: tuple[str, ...],
    deadline: Deadline,
    tls: TlsOptions | None = None,
    what: str = "the token endpoint",
) -> HttpAnswer:
    """`http.send` without redirects, its errors told as NotAcquired."""
    try:
        return http.send(
            request, deadline=deadline, allowed_hosts=hosts, max_bytes=MAX_ANSWER, tls=tls
        )
    except HubError as error:
        reason, sentence = _told(error, what)
        raise NotAcquired(reason, sentence, sent=getattr(error, "sent", False)) from error


def _told(error: HubError, what: str) -> tuple[Reason, str]:
    if isinstance(error, TimedOut):
        return Reason.TIMED_OUT, f"{what} did not answer in time; it is asked again later."
    if isinstance(error, ResponseTooLarge):
        return Reason.TOO_LARGE, f"{what} answered more than {MAX_ANSWER} bytes: check its address."
    if isinstance(error, ConnectionFailed):
        return Reason.UNREACHABLE, f"{what} could not be reached; it is asked again later."
    if isinstance(error, Forbidden):
        return Reason.FORBIDDEN_ADDRESS, f"{what} may not be called: {error.detail}"
    if isinstance(error, UpstreamError):
        return Reason.UNAVAILABLE, f"{what} gave no valid HTTP answer; it is asked again later."
    raise error
