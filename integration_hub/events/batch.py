"""The claimed deliveries of one relay: handed over in order, marked in groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet

from integration_hub.coordination import dbtime
from integration_hub.events.choices import DeliveryStatus
from integration_hub.events.cloudevent import cloudevent_of
from integration_hub.events.models import Delivery, EventSink
from integration_hub.events.schedule import wait_after
from integration_hub.events.sink import sinks
from integration_hub.events.sink_config import open_config
from integration_hub.lib import clock, log, metrics, redact

MARK_EVERY = 50
MAX_ERROR = 500

logger = log.get(__name__)


class Batch:
    """Deliveries leased until `lease_until`; none is begun more than `seconds` from now.

    `attempted` counts those that were tried.
    """

    def __init__(
        self, claimed: Sequence[Delivery], *, lease_until: datetime, seconds: float
    ) -> None:
        self.attempted = 0
        self._claimed = claimed
        self._lease_until = lease_until
        self._ends_at = clock.monotonic() + seconds
        self._configs: dict[UUID, Mapping[str, Any]] = {}
        self._done: list[UUID] = []
        self._left: list[UUID] = []

    def deliver(self) -> None:
        """Try each; after a failure, leave the rest of its key for another time."""
        stuck: set[tuple[UUID, str]] = set()
        try:
            for delivery in self._claimed:
                key = (delivery.sink_id, delivery.subject)
                if key in stuck or clock.monotonic() > self._ends_at:
                    self._left.append(delivery.pk)
                elif not self._try(delivery):
                    stuck.add(key)
        finally:
            self._mark_done()
            self._give_back()

    def _try(self, delivery: Delivery) -> bool:
        self.attempted += 1
        try:
            config = self._config_of(delivery.sink)
            sinks.get(delivery.sink.type).deliver(cloudevent_of(delivery.event), config=config)
        except Exception as error:  # noqa: BLE001 - the contract of Sink: any is "not delivered"
            self._mark_failed(delivery, error)
            return False
        metrics.event_deliveries_total.labels(delivery.sink.name, "delivered").inc()
        self._done.append(delivery.pk)
        if len(self._done) >= MARK_EVERY:
            self._mark_done()
        return True

    def _config_of(self, sink: EventSink) -> Mapping[str, Any]:
        """Opened once a batch, and only for a sink that has something to deliver."""
        if sink.pk not in self._configs:
            self._configs[sink.pk] = open_config(sink)
        return self._configs[sink.pk]

    def _mark_done(self) -> None:
        if self._done:
            self._mine(self._done).update(
                status=DeliveryStatus.DELIVERED,
                delivered_at=dbtime.Now(),
                lease_until=None,
                last_error="",
            )
            self._done = []

    def _mark_failed(self, delivery: Delivery, error: Exception) -> None:
        said = redact.current().text(f"{type(error).__name__}: {error}", MAX_ERROR)[:MAX_ERROR]
        wait = wait_after(delivery.attempts)
        outcome = "failed" if wait is not None else "dead"
        changes: dict[str, Any] = {"lease_until": None, "last_error": said}
        if wait is None:
            changes["status"] = DeliveryStatus.DEAD
        else:
            changes["due_at"] = dbtime.now() + timedelta(seconds=wait)
        self._mine([delivery.pk]).update(**changes)
        metrics.event_deliveries_total.labels(delivery.sink.name, outcome).inc()
        logger.warning(
            "event_not_delivered",
            sink=delivery.sink.name,
            event_id=str(delivery.event_id),
            attempts=delivery.attempts,
            next_in_seconds=wait,
            error=said,
        )

    def _give_back(self) -> None:
        """What was not tried is free again, and no attempt of it counts."""
        if self._left:
            self._mine(self._left).update(lease_until=None, attempts=F("attempts") - 1)
            self._left = []

    def _mine(self, keys: Sequence[UUID]) -> QuerySet[Delivery]:
        """Only while the lease is ours: another relay may have taken over."""
        return Delivery.objects.filter(
            pk__in=keys, status=DeliveryStatus.PENDING, lease_until=self._lease_until
        )
