"""What became of deliveries, written in groups, by the relay that holds their lease."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet

from integration_hub.events import moment, sink_state
from integration_hub.events.choices import DeliveryStatus
from integration_hub.events.lane import Result
from integration_hub.events.models import Delivery, EventSink, FailedAttempt
from integration_hub.events.schedule import steps_aside, wait_after, within_bounds
from integration_hub.events.sink import NotDelivered
from integration_hub.lib import log, metrics, redact

MAX_TEXT = 500

logger = log.get(__name__)


def mark(results: Iterable[Result], redactor_of: Any) -> None:
    """Write what became of these deliveries, and what that says of their sinks.

    Only while the lease is ours: another relay may have taken over.
    """
    delivered: dict[tuple[datetime | None, int | None], list[Result]] = defaultdict(list)
    left: dict[datetime | None, list[UUID]] = defaultdict(list)
    for result in results:
        lease = result.delivery.lease_until
        if not result.tried:
            left[lease].append(result.delivery.pk)
        elif result.error is None:
            delivered[lease, result.status].append(result)
        else:
            _failed(result, result.error, redactor_of(result.delivery.sink))
    for (lease, status), group in delivered.items():
        _delivered(group, lease, status)
    for lease, keys in left.items():
        # What was not tried is free again, and no attempt of it counts.
        _mine(keys, lease).update(lease_until=None, attempts=F("attempts") - 1)


def _delivered(group: Sequence[Result], lease: datetime | None, status: int | None) -> None:
    now = moment.now()
    by_sink: dict[UUID, EventSink] = {}
    for result in group:
        sink = result.delivery.sink
        by_sink[sink.pk] = sink
        metrics.event_deliveries_total.labels(sink_state.label(sink), "delivered").inc()
    with transaction.atomic():
        _mine([result.delivery.pk for result in group], lease).update(
            status=DeliveryStatus.DELIVERED,
            delivered_at=now,
            lease_until=None,
            status_code=status,
            last_error="",
        )
        for sink in by_sink.values():
            sink_state.took_one(sink, now=now)


def _failed(result: Result, error: Exception, redactor: redact.Redactor) -> None:
    """Plan the next try, or give up; the sink hears of it in the same transaction."""
    delivery, sink, now = result.delivery, result.delivery.sink, moment.now()
    said = redactor.text(_said(error), MAX_TEXT)[:MAX_TEXT]
    wait = _wait(delivery, error)
    first = delivery.failing_since or now
    changes: dict[str, Any] = {
        "lease_until": None,
        "last_error": said,
        "status_code": result.status,
        "failing_since": first,
        "stepped_aside": delivery.stepped_aside
        or (steps_aside(delivery.attempts) and sink_state.took_one_since(sink, first)),
    }
    if wait is None:
        changes["status"] = DeliveryStatus.DEAD
    else:
        changes["due_at"] = now + timedelta(seconds=wait)
    with transaction.atomic():
        if not _mine([delivery.pk], delivery.lease_until).update(**changes):
            return
        FailedAttempt.objects.create(
            delivery=delivery,
            number=delivery.attempts,
            started_at=result.started_at or now,
            duration_ms=round(result.duration_ms, 3),
            status_code=result.status,
            error=said,
            answer=redactor.text(getattr(error, "answer", ""), MAX_TEXT)[:MAX_TEXT],
        )
        sink_state.took_none(sink, error, said, now=now)
    outcome = "failed" if wait is not None else "dead"
    metrics.event_deliveries_total.labels(sink_state.label(sink), outcome).inc()
    logger.warning(
        "event_not_delivered",
        sink=sink.name,
        event_id=str(delivery.event_id),
        attempts=delivery.attempts,
        next_in_seconds=wait,
        error=said,
    )


def _wait(delivery: Delivery, error: Exception) -> float | None:
    """Seconds to the next try: the schedule's, or longer where the receiver asked for it."""
    if _is_over(delivery, error):
        return None
    wait = wait_after(delivery.attempts)
    asked = error.retry_after if isinstance(error, NotDelivered) else None
    return wait if wait is None or asked is None else max(wait, within_bounds(asked))


def _is_over(delivery: Delivery, error: Exception) -> bool:
    """Whether this address wants nothing any more while its sink goes on: a callback's."""
    return bool(delivery.url) and isinstance(error, NotDelivered) and error.gone


def _said(error: Exception) -> str:
    text = str(error)
    return text if isinstance(error, NotDelivered) else f"{type(error).__name__}: {text}"


def _mine(keys: Sequence[UUID], lease: datetime | None) -> QuerySet[Delivery]:
    return Delivery.objects.filter(pk__in=keys, status=DeliveryStatus.PENDING, lease_until=lease)
