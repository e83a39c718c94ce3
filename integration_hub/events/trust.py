"""Whose certificates a sink accepts beside those of the public authorities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from integration_hub.egress.authorities import problem_of
from integration_hub.egress.door import TlsOptions
from integration_hub.lib.errors import Fault
from integration_hub.lib.fields import Field

FIELD = Field(
    "authorities",
    "text",
    required=False,
    max_length=65_536,
    label="Private authorities",
    help="PEM: authorities that this sink trusts beside the public ones.",
)


def options_of(config: Mapping[str, Any]) -> TlsOptions:
    return TlsOptions(authorities=str(config.get(FIELD.name, "")))


def faults(config: Mapping[str, Any]) -> Iterator[Fault]:
    """Of texts that are no authorities."""
    pem = str(config.get(FIELD.name, ""))
    problem = problem_of(pem) if pem else ""
    if problem:
        yield Fault(f"/config/{FIELD.name}", problem, "FORMAT")
