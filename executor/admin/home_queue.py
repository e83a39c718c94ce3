"""The card of the queue: how much is due, and how long the oldest of it has waited."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Count, Min

from executor import selectors
from executor.admin.home import MODEL, may_see
from executor.choices import ExecutionStatus
from executor.delivery import life, node
from integration_hub.access.home import COUNTED, Card, Figure, Link, Tone, Viewer, listing, shown
from integration_hub.coordination import dbtime, heartbeat

BAD_SECONDS, WARN_SECONDS = 60, 10
"""A queue whose oldest work waits longer than that lacks workers, or has none."""

ALIVE_SECONDS = 45
_WAITING = f"{ExecutionStatus.QUEUED},{ExecutionStatus.RETRYING}"


def cards(viewer: Viewer) -> Iterator[Card]:
    """Four statements: one a queue, the database's time, the workers."""
    if not may_see(viewer):
        return
    now = dbtime.now()
    workers = len(heartbeat.alive(life.WORKER, ALIVE_SECONDS))
    yield Card(
        name="queue",
        title="Queue",
        rank=55,
        figures=[_figure(viewer, name, now, workers) for name in node.PRIORITIES],
        more=Link("What waits", listing(MODEL, status__in=_WAITING)),
        read=f"Workers that showed themselves in the last {ALIVE_SECONDS} s: {workers}.",
    )


def _figure(viewer: Viewer, priority: str, now: datetime, workers: int) -> Figure:
    due = selectors.visible(viewer.caller).due().filter(priority=priority).order_by("due_at")
    found = due.values("due_at")[: COUNTED + 1].aggregate(n=Count("due_at"), since=Min("due_at"))
    age = max(0.0, (now - found["since"]).total_seconds()) if found["since"] else 0.0
    tone = Tone.BAD if age > BAD_SECONDS else Tone.WARN if age > WARN_SECONDS else Tone.OK
    address = listing(MODEL, status__in=_WAITING, priority__exact=priority)
    note = f"the oldest waits {_age(age)}" if found["n"] else "nothing waits"
    if found["n"] and not workers:
        note += "; no worker is alive: start one with manage.py runworker"
    return Figure(f"Due, {priority}", shown(found["n"]), address, tone, note)


def _age(seconds: float) -> str:
    """In the largest unit that it has one of."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
