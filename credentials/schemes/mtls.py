"""A client certificate, shown in the TLS handshake; nothing is put on the request itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from credentials.pem import pair_faults, read_certificates
from credentials.scheme import AuthScheme, schemes
from integration_hub.egress.authorities import problem_of
from integration_hub.egress.door import HttpRequest, Login, Signed, TlsOptions
from integration_hub.lib.errors import AuthFailed, Fault
from integration_hub.lib.fields import Field


@schemes.register("mtls")
class MutualTls(AuthScheme):
    type = "mtls"
    title = "Client certificate (mutual TLS)"
    fields = (
        Field(
            "certificate",
            kind="text",
            max_length=65_536,
            help="PEM; the certificates that lead to its authority may follow it.",
        ),
        Field(
            "private_key",
            kind="text",
            secret=True,
            max_length=32_768,
            help="PEM, not encrypted.",
        ),
        Field(
            "ca",
            kind="text",
            required=False,
            max_length=65_536,
            label="Authorities",
            help="PEM; trusted for this system beside the public ones.",
        ),
    )

    def check_data(self, data: Mapping[str, Any], options: Mapping[str, Any]) -> Iterable[Fault]:
        faults = list(pair_faults(data))
        problem = problem_of(data["ca"]) if data.get("ca") else ""
        if problem:
            faults.append(Fault("/ca", problem, "FORMAT"))
        return faults

    def tls(self, data: Mapping[str, Any]) -> TlsOptions:
        return TlsOptions(
            authorities=data.get("ca", ""),
            certificate=data["certificate"],
            private_key=data["private_key"],
        )

    def apply(
        self, request: HttpRequest, *, data: Mapping[str, Any], options: Mapping[str, Any]
    ) -> Signed:
        if not request.url.lower().startswith("https:"):
            raise AuthFailed(
                "A client certificate is shown over https alone: correct the base_url.", sent=False
            )
        return Signed(request, self.secrets(data))

    def login(self, data: Mapping[str, Any], options: Mapping[str, Any]) -> Login:
        """Nothing is said: the certificate is shown in the handshake (`tls`)."""
        return Login(secrets=self.secrets(data))

    def hint(self, data: Mapping[str, Any]) -> str:
        owner = read_certificates(data["certificate"])[0]
        return f"{owner.subject.rfc4514_string()[:80]}, until {owner.not_valid_after_utc:%Y-%m-%d}"
