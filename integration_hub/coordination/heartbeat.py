"""Who is alive: one row a process and kind, by the database's clock."""

from __future__ import annotations

import os
import socket
from datetime import timedelta

from integration_hub.coordination.dbtime import Now
from integration_hub.coordination.models import Heartbeat

KEPT = timedelta(days=1)
_MAX_DETAIL = 200
_begun: set[str] = set()


def beat(kind: str, detail: str = "") -> None:
    """Say that this process lives as `kind`; one statement, one more the first time."""
    row = Heartbeat(
        id=_id(kind),
        kind=kind,
        host=socket.gethostname()[:120],
        pid=os.getpid(),
        seen_at=Now(),
        detail=detail[:_MAX_DETAIL],
    )
    Heartbeat.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["seen_at", "detail"],
    )
    if row.id not in _begun:
        _begun.add(row.id)
        Heartbeat.objects.filter(seen_at__lt=Now() - KEPT).delete()


def leave(kind: str) -> None:
    """Take this process off the list: it stops in order."""
    _begun.discard(_id(kind))
    Heartbeat.objects.filter(id=_id(kind)).delete()


def alive(kind: str, within_seconds: float) -> list[Heartbeat]:
    """The processes of `kind` that beat within the last `within_seconds`, newest first."""
    since = Now() - timedelta(seconds=within_seconds)
    return list(Heartbeat.objects.filter(kind=kind, seen_at__gt=since).order_by("-seen_at", "id"))


def count_processes(within_seconds: float) -> int:
    """How many processes of any kind beat within the last `within_seconds`."""
    since = Now() - timedelta(seconds=within_seconds)
    rows = Heartbeat.objects.filter(seen_at__gt=since).values_list("host", "pid")
    return rows.distinct().count()


def _id(kind: str) -> str:
    return f"{socket.gethostname()[:80]}:{os.getpid()}:{kind}"
