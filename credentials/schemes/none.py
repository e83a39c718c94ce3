"""No authentication."""

from collections.abc import Mapping
from typing import Any

from credentials.scheme import AuthScheme, schemes
from integration_hub.egress.door import HttpRequest, Login, Signed


@schemes.register("none")
class NoAuth(AuthScheme):
    type = "none"
    title = "No authentication"

    def apply(
        self, request: HttpRequest, *, data: Mapping[str, Any], options: Mapping[str, Any]
    ) -> Signed:
        return Signed(request)

    def login(self, data: Mapping[str, Any], options: Mapping[str, Any]) -> Login:
        return Login()
