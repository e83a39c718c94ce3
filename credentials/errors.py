"""Why nothing was acquired: one exception; callers see AUTH_ERROR or TARGET_FORBIDDEN."""

from __future__ import annotations

from credentials.choices import Acquisition, Reason
from integration_hub.lib.errors import AuthFailed, HubError, TargetForbidden

_WHAT_COMES_OF_IT = {
    Reason.INVALID_GRANT: Acquisition.OVER,
    Reason.REAUTH_NEEDED: Acquisition.OVER,
    Reason.INVALID_CLIENT: Acquisition.REFUSED,
    Reason.INVALID_REQUEST: Acquisition.REFUSED,
    Reason.INVALID_SCOPE: Acquisition.REFUSED,
    Reason.INCOMPLETE: Acquisition.REFUSED,
    Reason.FORBIDDEN_ADDRESS: Acquisition.REFUSED,
    Reason.NO_METADATA: Acquisition.REFUSED,
    Reason.OTHER_ISSUER: Acquisition.REFUSED,
}


class NotAcquired(Exception):
    """Nothing was acquired. `detail` is safe to show: never a word of what the other side sent.

    `sent` is False only when it is proven that no byte of the request left.
    """

    def __init__(
        self,
        reason: Reason,
        detail: str,
        *,
        status: int | None = None,
        sent: bool = True,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail
        self.status, self.sent, self.retry_after = status, sent, retry_after

    @property
    def outcome(self) -> Acquisition:
        return _WHAT_COMES_OF_IT.get(self.reason, Acquisition.TRANSIENT)

    def as_error(self, slug: str) -> HubError:
        """For callers: the request itself did not leave, so repeating it does nothing twice."""
        if self.reason == Reason.FORBIDDEN_ADDRESS:
            return TargetForbidden(
                f"{slug} could not authenticate: {self.detail}", extra={"reason": self.reason.value}
            )
        passing = self.outcome == Acquisition.TRANSIENT
        return AuthFailed(
            f"{slug} could not authenticate: {self.detail}",
            sent=False,
            upstream_status=self.status,
            transient=passing,
            retryable=passing,
            retry_after=self.retry_after,
            extra={"reason": self.reason.value},
        )
