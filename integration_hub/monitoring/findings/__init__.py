"""What `doctor` looks at: each look gives findings, each finding says what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from django.db import Error

from integration_hub.monitoring.findings.finding import Finding, State
from integration_hub.monitoring.findings.room import files, limits, size
from integration_hub.monitoring.findings.safety import (
    audit,
    keys,
    outbound,
    rotation,
    unverified,
)
from integration_hub.monitoring.findings.service import (
    broker,
    clocks,
    database,
    migrations,
    queues,
    settings_,
    workers,
)
from integration_hub.monitoring.findings.versions import versions

LOOKS: dict[str, Callable[[], Iterator[Finding]]] = {
    "settings": settings_,
    "database": database,
    "migrations": migrations,
    "broker": broker,
    "queues": queues,
    "workers": workers,
    "keys": keys,
    "rotation": rotation,
    "audit": audit,
    "clock": clocks,
    "outbound": outbound,
    "tls": unverified,
    "files": files,
    "size": size,
    "limits": limits,
    "versions": versions,
}


def examine(*, only: Iterable[str] = LOOKS) -> Iterator[Finding]:
    """Every finding, or those of the named looks; a look that fails is a finding too."""
    for subject in only:
        try:
            yield from LOOKS[subject]()
        except Error as error:
            yield Finding(
                subject,
                "fail",
                f"The database did not answer ({type(error).__name__}).",
                "Check DATABASE_URL, that the server runs, and manage.py migrate.",
            )


__all__ = ["LOOKS", "Finding", "State", "examine"]
