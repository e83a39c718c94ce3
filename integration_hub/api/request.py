"""The request that views get: DRF's, with the caller on it."""

from __future__ import annotations

from rest_framework.request import Request

from integration_hub.access.caller import Caller


class HubRequest(Request):
    @property
    def caller(self) -> Caller:
        """Who calls; on an address open to all, `Caller.anonymous()`."""
        return self.auth if isinstance(self.auth, Caller) else Caller.anonymous()


def caller_of(request: Request) -> Caller:
    """`request.caller` where the request is typed as DRF's own."""
    return request.auth if isinstance(request.auth, Caller) else Caller.anonymous()
