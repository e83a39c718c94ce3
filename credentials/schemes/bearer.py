"""A bearer token (RFC 6750)."""

from collections.abc import Iterable, Mapping
from typing import Any

from credentials.scheme import AuthScheme, schemes
from credentials.signing import header_faults, tail_hint, with_header
from integration_hub.egress.door import HttpRequest, Login, Signed
from integration_hub.lib.errors import Fault
from integration_hub.lib.fields import Field


@schemes.register("bearer")
class BearerToken(AuthScheme):
    type = "bearer"
    title = "Bearer token"
    fields = (Field("token", secret=True, help="Sent as `Authorization: Bearer <token>`."),)

    def check_data(self, data: Mapping[str, Any], options: Mapping[str, Any]) -> Iterable[Fault]:
        yield from header_faults("token", data["token"])
        if data["token"].lower().startswith("bearer "):
            yield Fault("/token", "Without the word Bearer: only the token itself.", "FORMAT")

    def apply(
        self, request: HttpRequest, *, data: Mapping[str, Any], options: Mapping[str, Any]
    ) -> Signed:
        value = f"Bearer {data['token']}"
        return Signed(with_header(request, "Authorization", value), (data["token"],))

    def login(self, data: Mapping[str, Any], options: Mapping[str, Any]) -> Login:
        return Login(token=data["token"], secrets=(data["token"],))

    def hint(self, data: Mapping[str, Any]) -> str:
        return tail_hint(data["token"])
