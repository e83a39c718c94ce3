"""What `overrides.tls` of an instance says: judged when it is saved, built once for its calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from integration_hub.egress.authorities import problem_of
from integration_hub.egress.door import TlsOptions
from integration_hub.lib.errors import Fault, Forbidden

Overrides = Mapping[str, Any]


def options_of(overrides: Overrides) -> TlsOptions | None:
    """None where the instance says nothing of TLS: the shared way, and the fastest."""
    said = overrides.get("tls")
    if not said:
        return None
    return TlsOptions(authorities=said.get("authorities", ""), verify=said.get("verify", True))


def is_verified(overrides: Overrides) -> bool:
    return bool(overrides.get("tls", {}).get("verify", True))


def tls_faults(overrides: Overrides) -> Iterator[Fault]:
    pem = overrides.get("tls", {}).get("authorities", "")
    problem = problem_of(pem) if pem else ""
    if problem:
        yield Fault("/overrides/tls/authorities", problem, "FORMAT")


def check_switch(before: Overrides, after: Overrides, *, superuser: bool) -> str:
    """The audit action of the switch, empty where it was not touched. Raises Forbidden."""
    if is_verified(before) == is_verified(after):
        return ""
    if is_verified(after):
        return "instance.tls_verification_on"
    if not superuser:
        raise Forbidden(
            "Only a superuser, logged in, may switch TLS verification off. Trust the system's "
            "own authority instead: overrides.tls.authorities takes its certificate as PEM."
        )
    return "instance.tls_verification_off"
