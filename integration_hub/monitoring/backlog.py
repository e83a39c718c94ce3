"""What waits in each queue that a worker may serve, and since when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min

from executor.delivery import node
from executor.health import checks as health
from executor.models import Execution
from integration_hub.coordination import dbtime
from integration_hub.events import relay
from integration_hub.events.models import Event
from integration_hub.lib.ids import time_of


@dataclass(frozen=True, slots=True)
class Backlog:
    """`due` pieces of work, the oldest since `since`."""

    name: str
    due: int
    since: datetime | None

    def waited_seconds(self, now: datetime) -> float:
        return max(0.0, (now - self.since).total_seconds()) if self.since else 0.0


def of_every_queue() -> Iterator[Backlog]:
    """One for each of `runworker --queue`, empty ones too."""
    due = Execution.objects.due().order_by().values("priority")
    rows = due.annotate(count=Count("pk"), since=Min("due_at"))
    found = {row["priority"]: Backlog(row["priority"], row["count"], row["since"]) for row in rows}
    for name in node.PRIORITIES:
        yield found.get(name, Backlog(name, 0, None))
    checks = health.due().aggregate(count=Count("pk"), since=Min("check_due_at"))
    yield Backlog(node.HEALTH, checks["count"], checks["since"])
    yield _events()


def _events() -> Backlog:
    undelivered = relay.due(dbtime.now()).aggregate(count=Count("pk"), since=Min("due_at"))
    new = Event.objects.filter(fanned_out=False)
    oldest = new.order_by("id").values_list("id", flat=True).first()
    moments = [undelivered["since"], time_of(oldest) if oldest else None]
    since = min((moment for moment in moments if moment), default=None)
    return Backlog(node.EVENTS, undelivered["count"] + new.count(), since)
