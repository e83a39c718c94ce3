"""What became of a call outside: 502 and 504."""

from __future__ import annotations

from typing import Any

from integration_hub.lib.errors.root import HubError


class UpstreamError(HubError):
    """The external system, or the way to it, failed.

    `sent` is False only when it is proven that no byte of the request left; then
    the call may be repeated whatever its method. `transient` is what the definition
    says of this answer. `upstream_status` and `upstream_body` (redacted, cut) become
    the problem's `upstream` member.
    """

    code, title, status = "INTEGRATION_ERROR", "The external system refused", 502

    def __init__(
        self,
        detail: str,
        *,
        sent: bool = True,
        upstream_status: int | None = None,
        upstream_body: str | None = None,
        transient: bool = False,
        **details: Any,
    ) -> None:
        super().__init__(detail, **details)
        self.sent = sent
        self.transient = transient
        self.upstream_status = upstream_status
        self.upstream_body = upstream_body


class IntegrationFailed(UpstreamError):
    """See `upstream`: the external system answered with a refusal."""

    code, title = "INTEGRATION_ERROR", "The external system refused"


class ConnectionFailed(UpstreamError):
    """Check the address and the external system; repeat only if `retryable`."""

    code, title = "CONNECTION_ERROR", "The external system could not be reached"


class AuthFailed(UpstreamError):
    """Renew the credential: the external system rejected it, or it cannot be opened."""

    code, title = "AUTH_ERROR", "The external system rejected the credential"


class ResponseInvalid(UpstreamError):
    """Compare the answer with the definition's `result_schema`; see `errors`."""

    code, title = "RESPONSE_INVALID", "The answer is not what the definition says"


class ResponseTooLarge(UpstreamError):
    """Ask the external system for less, or have HUB_MAX_RESPONSE_BYTES raised."""

    code, title = "RESPONSE_TOO_LARGE", "The answer is too large"


class TimedOut(UpstreamError):
    """Repeat only if `retryable`: the external system may have done what was asked."""

    code, title, status = "TIMEOUT_ERROR", "The external system did not answer in time", 504
