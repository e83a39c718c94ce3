"""A user name and an SSH private key, for protocols over SSH; no HTTP request is signed with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from credentials.scheme import AuthScheme, schemes
from credentials.signing import control_faults
from integration_hub.egress.door import HttpRequest, Login, Signed
from integration_hub.lib.errors import AuthFailed, Fault
from integration_hub.lib.fields import Field


@schemes.register("ssh_key")
class SshKey(AuthScheme):
    type = "ssh_key"
    title = "SSH key"
    fields = (
        Field("username", label="User name", max_length=1_000),
        Field(
            "private_key", kind="text", secret=True, max_length=32_768, help="OpenSSH form or PEM."
        ),
        Field(
            "passphrase",
            secret=True,
            required=False,
            max_length=1_000,
            help="Where the key is under one.",
        ),
    )

    def check_data(self, data: Mapping[str, Any], options: Mapping[str, Any]) -> Iterable[Fault]:
        yield from control_faults("username", data["username"])
        yield from _key_faults(data["private_key"], data.get("passphrase", ""))

    def apply(
        self, request: HttpRequest, *, data: Mapping[str, Any], options: Mapping[str, Any]
    ) -> Signed:
        raise AuthFailed("An SSH key signs no HTTP request.", sent=False)

    def login(self, data: Mapping[str, Any], options: Mapping[str, Any]) -> Login:
        return Login(
            data["username"],
            private_key=data["private_key"],
            passphrase=data.get("passphrase", ""),
            secrets=self.secrets(data),
        )

    def hint(self, data: Mapping[str, Any]) -> str:
        return f"{data['username'][:2]}***"


def _key_faults(text: str, passphrase: str) -> Iterable[Fault]:
    is_ssh = "BEGIN OPENSSH PRIVATE KEY" in text
    load = serialization.load_ssh_private_key if is_ssh else serialization.load_pem_private_key
    try:
        load(text.encode(), passphrase.encode() or None)
    except TypeError:
        detail = "It is not under a passphrase." if passphrase else "The key is under a passphrase."
        yield Fault("/passphrase", detail, "REQUIRED")
    except (ValueError, UnsupportedAlgorithm):
        detail = "Not a private key in OpenSSH form or PEM, or its passphrase is another."
        yield Fault("/private_key", detail, "FORMAT")
