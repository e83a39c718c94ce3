"""Gauges that are read from the database at the scrape: right whatever process answers it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.db.models import Count
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from executor.delivery import node
from executor.models import Execution
from integration_hub.coordination import dbtime, operated
from integration_hub.events.choices import DeliveryStatus
from integration_hub.events.models import Delivery, Event
from integration_hub.monitoring import backlog
from registry.choices import Health
from registry.models import Instance

_CIRCUIT_VALUES = {"closed": 0, "half_open": 1, "open": 2, "forced_open": 3, "disabled": 4}
_CALL = ("integration", "method")
_QUEUED = (*_CALL, "queue")


class StoredGauges(Collector):
    """The queue, the outbox, the circuits and the health of instances."""

    def collect(self) -> Iterable[Metric]:
        yield from _queue()
        yield _events_pending()
        yield _availability()
        yield from _circuits()


def _queue() -> Iterator[Metric]:
    depth = GaugeMetricFamily(
        "integration_queue_depth", "What waits for a worker and is due.", labels=_QUEUED
    )
    oldest = GaugeMetricFamily(
        "integration_queue_oldest_seconds",
        "How long the oldest of what is due in a queue has waited.",
        labels=["queue"],
    )
    now = dbtime.now()
    waiting = Execution.objects.due().values("instance_slug", "method", "priority").order_by()
    for row in waiting.annotate(count=Count("pk")):
        depth.add_metric([row["instance_slug"], row["method"], row["priority"]], row["count"])
    for queue in backlog.of_every_queue():
        if queue.name not in node.PRIORITIES:
            depth.add_metric(["", "", queue.name], queue.due)
        oldest.add_metric([queue.name], queue.waited_seconds(now))
    yield depth
    yield oldest


def _events_pending() -> Metric:
    pending = GaugeMetricFamily("integration_events_pending", "Events not delivered to every sink.")
    waiting = Event.objects.filter(fanned_out=False).count()
    undelivered = Delivery.objects.filter(status=DeliveryStatus.PENDING).count()
    pending.add_metric([], waiting + undelivered)
    return pending


def _availability() -> Metric:
    found = GaugeMetricFamily(
        "integration_external_system_availability",
        "1 healthy, 0 unhealthy, 0.5 degraded; instances of unknown health are left out.",
        labels=["integration"],
    )
    values = {Health.HEALTHY: 1.0, Health.DEGRADED: 0.5, Health.UNHEALTHY: 0.0}
    for slug, health in Instance.objects.values_list("slug", "health").iterator():
        if health in values:
            found.add_metric([slug], values[Health(health)])
    return found


def _circuits() -> Iterator[Metric]:
    found = GaugeMetricFamily(
        "integration_circuit_breaker_state",
        "0 closed, 1 half-open, 2 open, 3 forced open, 4 disabled.",
        labels=_CALL,
    )
    slugs = {str(pk): slug for pk, slug in Instance.objects.values_list("pk", "slug")}
    hosts = GaugeMetricFamily(
        "integration_host_circuit_breaker_state",
        "The same of the circuits that all calls to one external host share.",
        labels=["host"],
    )
    for circuit in operated.states(""):
        owner, _, rest = circuit.scope.partition(":")
        value = _CIRCUIT_VALUES.get(circuit.state, 0)
        if owner == "host":
            hosts.add_metric([rest], value)
        elif owner in slugs:
            found.add_metric([slugs[owner], rest], value)
    yield found
    yield hosts
