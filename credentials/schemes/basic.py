"""HTTP Basic (RFC 7617): user name and password, UTF-8."""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import Any

from credentials.scheme import AuthScheme, schemes
from credentials.signing import control_faults, with_header
from integration_hub.egress.door import HttpRequest, Login, Signed
from integration_hub.lib.errors import Fault
from integration_hub.lib.fields import Field


@schemes.register("basic")
class Basic(AuthScheme):
    type = "basic"
    title = "User name and password"
    fields = (
        Field("username", label="User name", max_length=1_000),
        Field(
            "password",
            secret=True,
            max_length=4_000,
            schema={"minLength": 0},
            help="May be empty where the user name is the key.",
        ),
    )

    def check_data(self, data: Mapping[str, Any], options: Mapping[str, Any]) -> Iterable[Fault]:
        if ":" in data["username"]:
            yield Fault("/username", "A user name has no colon (RFC 7617).", "CHARACTERS")
        for name in ("username", "password"):
            yield from control_faults(name, data[name])

    def apply(
        self, request: HttpRequest, *, data: Mapping[str, Any], options: Mapping[str, Any]
    ) -> Signed:
        header = with_header(request, "Authorization", f"Basic {_pair(data)}")
        return Signed(header, self.secrets(data))

    def secrets(self, data: Mapping[str, Any]) -> tuple[str, ...]:
        """Some services take the key as the user name, with no password: then that is it."""
        return data["password"] or data["username"], _pair(data)

    def login(self, data: Mapping[str, Any], options: Mapping[str, Any]) -> Login:
        return Login(data["username"], data["password"], secrets=self.secrets(data))

    def hint(self, data: Mapping[str, Any]) -> str:
        return f"{data['username'][:2]}***" if data["password"] else ""


def _pair(data: Mapping[str, Any]) -> str:
    return b64encode(f"{data['username']}:{data['password']}".encode()).decode()
