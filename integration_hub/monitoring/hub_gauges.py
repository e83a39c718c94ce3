"""Gauges of the hub itself: who is alive, what ends soon, the database, this host's processes."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.conf import settings
from django.db import connection
from django.db.models import Max
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from credentials.models import Credential
from credentials.selectors import ends_for_good
from executor.delivery import life
from executor.health.models import HealthStatus
from integration_hub.coordination import dbtime, heartbeat
from integration_hub.coordination.models import Heartbeat
from integration_hub.lib import processes
from integration_hub.monitoring.health_checks import ALIVE_WITHIN_SECONDS

_KINDS = (life.WORKER, life.PACER, life.WATCHDOG)
_FIGURES = {
    "postgresql": "SELECT pg_database_size(current_database()),"
    " (SELECT sum(numbackends) FROM pg_stat_database), current_setting('max_connections')::int",
    "sqlite": "SELECT page_count * page_size, 0, 0 FROM pragma_page_count(), pragma_page_size()",
}
"""Size, connections, and the most of them (0: there is no such bound)."""


class HubGauges(Collector):
    """Read at the scrape. On every host the same but for what is of its own processes."""

    def collect(self) -> Iterable[Metric]:
        yield from _alive()
        yield from _ends()
        yield from _database()
        yield from _processes()


def _alive() -> Iterator[Metric]:
    there = GaugeMetricFamily(
        "integration_hub_processes_alive",
        "Processes of all hosts that showed themselves in the last 45 s.",
        labels=["kind"],
    )
    silent = GaugeMetricFamily(
        "integration_hub_silent_seconds",
        "How long no process of this kind has shown itself; none that ever did, no value.",
        labels=["kind"],
    )
    now, newest = dbtime.now(), dict(_last_seen())
    for kind in _KINDS:
        there.add_metric([kind], len(heartbeat.alive(kind, ALIVE_WITHIN_SECONDS)))
        if kind in newest:
            silent.add_metric([kind], max(0.0, (now - newest[kind]).total_seconds()))
    yield there
    yield silent


def _last_seen() -> Iterable[tuple[str, datetime]]:
    return Heartbeat.objects.order_by().values_list("kind").annotate(at=Max("seen_at"))


def _ends() -> Iterator[Metric]:
    """As moments: what is left of them is an alert's to say."""
    certificates = GaugeMetricFamily(
        "integration_certificate_expires_timestamp_seconds",
        "When the certificate of an integration's system ends.",
        labels=["integration"],
    )
    seen = HealthStatus.objects.exclude(certificate_ends_at=None)
    for slug, ends in seen.values_list("instance__slug", "certificate_ends_at").iterator():
        if ends is not None:
            certificates.add_metric([slug], ends.timestamp())
    yield certificates
    credentials = GaugeMetricFamily(
        "integration_credential_expires_timestamp_seconds",
        "When a person has to give a credential anew; what renews itself and lasts has no value.",
        labels=["integration"],
    )
    rows = Credential.objects.defer("secret", "previous").select_related("instance")
    for row in rows.iterator():
        if (ends := ends_for_good(row)) is not None:
            credentials.add_metric([row.instance.slug], ends.timestamp())
    yield credentials


def _database() -> Iterator[Metric]:
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        took = time.perf_counter() - began
        cursor.execute(_FIGURES[connection.vendor])
        size, used, most = cursor.fetchone()
    yield _single("integration_database_answer_seconds", "How long a statement takes.", took)
    yield _single("integration_database_size_bytes", "What the database takes on disk.", size)
    if most:
        text = "Connections to the database's server, those of others too."
        yield _single("integration_database_connections", text, used)
        yield _single("integration_database_connections_max", "The most it takes.", most)


def _processes() -> Iterator[Metric]:
    """What the processes that share this host's metrics folder take, by what they do."""
    count = _family("integration_hub_processes", "Processes of this host.")
    memory = _family("integration_hub_process_resident_memory_bytes", "Their resident memory.")
    files = _family("integration_hub_process_open_fds", "Their open files.")
    cpu = CounterMetricFamily(
        "integration_hub_process_cpu_seconds",
        "CPU time, user and system, of each process that lives.",
        labels=["role", "pid"],
    )
    for role, found in processes.by_role(settings.HUB_METRICS_DIR).items():
        count.add_metric([role], found.count)
        memory.add_metric([role], found.memory_bytes)
        files.add_metric([role], found.open_files)
        for pid, seconds in found.cpu_seconds.items():
            cpu.add_metric([role, str(pid)], seconds)
    yield from (count, memory, files, cpu)


def _family(name: str, text: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, labels=["role"])


def _single(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)
