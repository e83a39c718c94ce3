"""The admin's home page: is everything all right, and if not, where to look.

Every figure is bounded by a day or by an index, so that the page costs the same
at a million executions, and links to the filtered list behind it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min
from django.db.models.functions import TruncHour
from django.http import HttpRequest
from django.urls import reverse

from executor.choices import CLAIMABLE, FINAL, ExecutionStatus
from executor.models import Execution
from integration_hub.events.choices import DeliveryStatus
from integration_hub.events.models import Delivery, Event
from integration_hub.lib import clock
from integration_hub.lib.ids import floor_id
from registry.choices import Health, InstanceState
from registry.models import Instance

HOURS = 24
ROWS = 8
TROUBLED_STATES = (InstanceState.AUTH_ERROR, InstanceState.CONFIG_ERROR)
BAD = frozenset({ExecutionStatus.FAILED, ExecutionStatus.OUTCOME_UNKNOWN})


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure; `tone` is ok, warn, bad or quiet."""

    title: str
    value: str
    note: str
    url: str
    tone: str


def context(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's dashboard callback; people without the right to see executions get no figures."""
    if not request.user.has_perm("executor.view_execution"):
        return context
    now = clock.now()
    counts = _calls(now)
    hours = _hours(now, counts)
    context["hub"] = {
        "tiles": [_health_tile(), _calls_tile(counts), _queue_tile(now), _events_tile()],
        "hours": hours,
        "tallest": max(hour["calls"] for hour in hours),
        "troubles": _troubles(),
        "failures": Execution.objects.filter(
            id__gte=floor_id(now - timedelta(hours=HOURS)), status__in=BAD
        ).order_by("-id")[:ROWS],
        "recent": Execution.objects.order_by("-id")[:ROWS],
        "has_instances": Instance.objects.exists(),
    }
    return context


def _list(model: str, query: str = "") -> str:
    return reverse(f"admin:{model}_changelist") + (f"?{query}" if query else "")


def _health_tile() -> Tile:
    found = Counter(
        dict(Instance.objects.filter(enabled=True).values_list("health").annotate(n=Count("id")))
    )
    total, sick = sum(found.values()), found[Health.UNHEALTHY] + found[Health.DEGRADED]
    note = f"{found[Health.HEALTHY]} healthy, {found[Health.UNKNOWN]} not checked yet"
    query = "health__exact=unhealthy" if sick else ""
    well = "ok" if found[Health.HEALTHY] else "quiet"
    tone = "bad" if found[Health.UNHEALTHY] else "warn" if sick else well
    return Tile(
        "Unhealthy integrations",
        f"{sick} of {total}",
        note,
        _list("registry_instance", query),
        tone,
    )


def _calls(now: datetime) -> list[tuple[datetime, str, int]]:
    """(hour, status, calls) of the last day, by a range of the key."""
    since = now - timedelta(hours=HOURS)
    return list(
        Execution.objects.filter(id__gte=floor_id(since), status__in=FINAL)
        .order_by()
        .annotate(hour=TruncHour("created_at"))
        .values_list("hour", "status")
        .annotate(n=Count("id"))
    )


def _calls_tile(counts: list[tuple[datetime, str, int]]) -> Tile:
    total = sum(n for _, _, n in counts)
    bad = sum(n for _, status, n in counts if status in BAD)
    rate = f"{100 * bad / total:.1f} % failed" if total else "none yet"
    tone = "quiet" if not total else "bad" if bad > total / 10 else "warn" if bad else "ok"
    return Tile("Calls in 24 hours", f"{total:,}", rate, _list("executor_execution"), tone)


def _queue_tile(now: datetime) -> Tile:
    waiting = Execution.objects.filter(status__in=CLAIMABLE, due_at__lte=now)
    found = waiting.aggregate(n=Count("id"), oldest=Min("due_at"))
    age = (now - found["oldest"]).total_seconds() if found["oldest"] else 0.0
    tone = "bad" if age > 60 else "warn" if age > 10 else "ok"
    note = f"oldest waits {age:.0f} s" if found["n"] else "nothing waits"
    query = "status__exact=queued"
    return Tile(
        "Due in the queue", f"{found['n']:,}", note, _list("executor_execution", query), tone
    )


def _events_tile() -> Tile:
    waiting = Event.objects.filter(fanned_out=False).count()
    waiting += Delivery.objects.filter(status=DeliveryStatus.PENDING).count()
    dead = Delivery.objects.filter(status=DeliveryStatus.DEAD).count()
    note = f"{dead} given up" if dead else "none given up"
    tone = "bad" if dead else "warn" if waiting > 1_000 else "ok"
    return Tile("Events to deliver", f"{waiting:,}", note, _list("events_event"), tone)


def _hours(now: datetime, counts: list[tuple[datetime, str, int]]) -> list[Mapping[str, Any]]:
    """One bar an hour, oldest first; `good` and `bad` are percentages of the tallest bar."""
    first = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
    good: Counter[datetime] = Counter()
    bad: Counter[datetime] = Counter()
    for hour, status, n in counts:
        (bad if status in BAD else good)[hour] += n
    hours = [first + timedelta(hours=step) for step in range(HOURS)]
    tallest = max((good[hour] + bad[hour] for hour in hours), default=0) or 1
    return [
        {
            "hour": hour,
            "calls": good[hour] + bad[hour],
            "failed": bad[hour],
            "good_height": round(100 * good[hour] / tallest, 1),
            "bad_height": round(100 * bad[hour] / tallest, 1),
        }
        for hour in hours
    ]


def _troubles() -> list[Instance]:
    """Instances that need a person, worst first."""
    enabled = Instance.objects.filter(enabled=True).select_related("definition")
    sick = enabled.filter(health=Health.UNHEALTHY)[:ROWS]
    stuck = enabled.filter(state__in=TROUBLED_STATES)[:ROWS]
    waiting = enabled.filter(state=InstanceState.PENDING_AUTHENTICATION)[:ROWS]
    return list({row.pk: row for rows in (sick, stuck, waiting) for row in rows}.values())[:ROWS]
