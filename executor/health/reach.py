"""What is checked where a definition names no health method: credential, connection, TLS."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from credentials import runtime as credentials
from executor.health.call import DETAIL_LENGTH, CheckResult
from executor.health.run import LONGEST_CHECK_SECONDS
from integration_hub.egress import reach as egress
from integration_hub.egress.door import Deadline
from integration_hub.lib.errors import HubError
from registry.runtime import RuntimeInstance
from registry.upstream import http_addresses

NOTHING_TO_CHECK = (
    "The definition names no health_check method, and the config no address to connect to."
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an instance's external system takes connections."""

    host: str
    port: int
    secure: bool


def place_of(instance: RuntimeInstance) -> Place | None:
    """None where the config does not say enough to connect."""
    host, _, port = instance.upstream.rpartition(":")
    if not host or not port.isdigit():
        return None
    first = next(iter(http_addresses(instance.config)), "")
    return Place(host, int(port), secure=first.lower().startswith("https://"))


def check(instance: RuntimeInstance) -> CheckResult:
    """Open the credential and a connection, verified under TLS; nothing is said to the system."""
    place = place_of(instance)
    if place is None:
        return CheckResult(ok=None, code="NOT_CHECKED", detail=NOTHING_TO_CHECK)
    began = time.perf_counter()
    try:
        found = _reach(instance, place)
    except HubError as error:
        took = round((time.perf_counter() - began) * 1000, 3)
        return CheckResult(
            ok=False, code=error.code, detail=error.detail[:DETAIL_LENGTH], duration_ms=took
        )
    return CheckResult(ok=True, duration_ms=round(found.ms, 3), certificate_ends_at=found.ends_at)


def certificate_of(instance: RuntimeInstance) -> datetime | None:
    """When the certificate of the instance's system ends; None in clear or where none was seen."""
    place = place_of(instance)
    if place is None or not place.secure:
        return None
    with suppress(HubError):  # the check itself tells what is wrong
        return _reach(instance, place).ends_at
    return None


def _reach(instance: RuntimeInstance, place: Place) -> egress.Reached:
    deadline = Deadline(LONGEST_CHECK_SECONDS)
    use = credentials.use_for(instance, deadline)
    return egress.reach(place.host, place.port, deadline=deadline, tls=use.tls, secure=place.secure)
