"""What deliveries show of their sink: it fails, wants a pause, is gone, works again."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from integration_hub.events import services
from integration_hub.events.choices import EventType
from integration_hub.events.models import EventSink
from integration_hub.events.schedule import within_bounds
from integration_hub.events.sink import NotDelivered
from integration_hub.lib import log

DISABLE_AFTER = timedelta(hours=120)
"""A sink that took nothing for so long, though it was tried, is switched off."""

TOLD_AFTER = timedelta(hours=1)
"""A failure that lasted longer than this is worth the news that it is over."""

NOTED_EVERY = timedelta(seconds=10)
PAUSE = 30.0
"""Seconds, where a receiver that wants a pause does not say how long."""

logger = log.get(__name__)


def label(sink: EventSink) -> str:
    """Its name in metrics; callbacks are one, for their number has no bound."""
    return "callback" if sink.owner else sink.name


def took_one(sink: EventSink, *, now: datetime) -> None:
    """It works: note it, at most every few seconds, and tell who heard that it did not."""
    known = sink.succeeded_at is not None and now - sink.succeeded_at < NOTED_EVERY
    if known and sink.failing_since is None and sink.proven_at is not None:
        return
    row = EventSink.objects.defer("secret").select_for_update().filter(pk=sink.pk).first()
    if row is None:
        return
    lasted = now - row.failing_since if row.failing_since else timedelta()
    EventSink.objects.filter(pk=row.pk).update(
        succeeded_at=now,
        failing_since=None,
        paused_until=None,
        proven_at=row.proven_at or now,
        disabled_reason="",
        last_error="",
    )
    if not row.owner and (row.disabled_reason or lasted >= TOLD_AFTER):
        reason = row.disabled_reason or f"It had failed for {lasted.total_seconds():.0f} s."
        _tell(EventType.SINK_RECOVERED, row, reason)
    sink.succeeded_at, sink.failing_since = now, None
    sink.proven_at = row.proven_at or now


def took_one_since(sink: EventSink, moment: datetime) -> bool:
    """Whether it took another event after this moment."""
    rows = EventSink.objects.filter(pk=sink.pk, failing_since=None, succeeded_at__gt=moment)
    return rows.exists()


def took_none(sink: EventSink, error: Exception, said: str, *, now: datetime) -> None:
    """It failed: note since when, pause or switch it off where that is due."""
    row = EventSink.objects.defer("secret").select_for_update().filter(pk=sink.pk).first()
    if row is None:
        return
    changes: dict[str, object] = {"last_error": said}
    since = row.failing_since or now
    changes["failing_since"] = sink.failing_since = since
    if isinstance(error, NotDelivered) and error.throttled:
        pause = within_bounds(PAUSE if error.retry_after is None else error.retry_after)
        changes["paused_until"] = now + timedelta(seconds=pause)
    EventSink.objects.filter(pk=row.pk).update(**changes)
    if row.owner:
        return  # a host that many calls name: what one address of it says holds for that one
    if isinstance(error, NotDelivered) and error.gone:
        _switch_off(row, "The receiver answered that it is gone (410).")
    elif now - since >= DISABLE_AFTER:
        hours = DISABLE_AFTER.total_seconds() / 3600
        _switch_off(row, f"It took nothing for {hours:.0f} hours; last: {said}"[:300])


def _switch_off(row: EventSink, reason: str) -> None:
    on = Q(pk=row.pk, enabled=True)
    if EventSink.objects.filter(on).update(enabled=False, disabled_reason=reason):
        _tell(EventType.SINK_DISABLED, row, reason)
        logger.error("event_sink_disabled", sink=row.name, reason=reason)


def _tell(kind: EventType, row: EventSink, reason: str) -> None:
    services.emit(type=kind, subject=row.name, data={"sink": row.name, "reason": reason})
