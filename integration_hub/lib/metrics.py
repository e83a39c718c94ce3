"""The metrics of contract §6. Counters are raised where things happen, gauges read at the scrape.

`integration` and `method` hold an instance's slug and a method's name: both come
from stored definitions, never from what a caller typed, so they are bounded.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, values
from prometheus_client.core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

registry = CollectorRegistry()

_ALONE = values.ValueClass
_CALL = ("integration", "method")
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)

executions_total = Counter(
    "integration_method_executions",
    "Executions that ended, by final status.",
    (*_CALL, "status"),
    registry=registry,
)
execution_seconds = Histogram(
    "integration_method_execution_time_seconds",
    "From the start of an execution to its end, waits included.",
    _CALL,
    buckets=_SECONDS,
    registry=registry,
)
active_requests = Gauge(
    "integration_active_requests",
    "Calls that are running now.",
    _CALL,
    registry=registry,
    multiprocess_mode="livesum",
)
auth_attempts_total = Counter(
    "integration_auth_attempts",
    "Credentials put on a call, by outcome.",
    (*_CALL, "outcome"),
    registry=registry,
)
auth_refresh_total = Counter(
    "integration_auth_refresh",
    "Refreshes of a credential, by outcome.",
    (*_CALL, "outcome"),
    registry=registry,
)
external_requests_total = Counter(
    "integration_external_request",
    "Requests sent to external systems, by outcome.",
    (*_CALL, "outcome"),
    registry=registry,
)
external_request_seconds = Histogram(
    "integration_external_request_time_seconds",
    "From sending a request to the last byte of its answer.",
    _CALL,
    buckets=_SECONDS,
    registry=registry,
)
rate_limit_hits_total = Counter(
    "integration_rate_limit_hits",
    "Calls that the hub's own limits held back.",
    _CALL,
    registry=registry,
)
retries_total = Counter(
    "integration_retries",
    "Retries asked of the retry budget, by what it said (allowed, refused).",
    (*_CALL, "outcome"),
    registry=registry,
)
circuit_opened_total = Counter(
    "integration_circuit_breaker_open",
    "Times a circuit opened.",
    _CALL,
    registry=registry,
)
guard_degraded = Gauge(
    "integration_guard_degraded",
    "1 while limits and circuits are per process, because their store is away.",
    registry=registry,
    multiprocess_mode="livemax",
)
event_deliveries_total = Counter(
    "integration_event_deliveries",
    "Deliveries of events to sinks, by outcome.",
    ("sink", "outcome"),
    registry=registry,
)


def share(directory: Path, *, fresh: bool) -> None:
    """Keep values in files under `directory`, so that a scrape sees every process.

    Call it once in the process that forks all others, before any label is used, with
    `PROMETHEUS_MULTIPROC_DIR` naming the same directory: the library reads that.
    `fresh` forgets what earlier processes left there.
    """
    directory.mkdir(parents=True, exist_ok=True)
    for stale in directory.glob("*.db") if fresh else ():
        stale.unlink(missing_ok=True)
    values.ValueClass = values.MultiProcessValue()  # type: ignore[no-untyped-call]  # prometheus_client leaves it untyped


def is_shared() -> bool:
    """Whether `share` was called here or in the process that forked this one."""
    return values.ValueClass is not _ALONE


class SharedCounts(Collector):
    """What every process counted into `directory`.

    A metric that nothing has raised yet is in no process's file; a scrape shows its
    name all the same.
    """

    def __init__(self, directory: Path) -> None:
        self._files = MultiProcessCollector(None, str(directory))  # type: ignore[no-untyped-call]  # prometheus_client leaves it untyped

    def collect(self) -> Iterator[Metric]:
        counted = list(self._files.collect())  # type: ignore[no-untyped-call]  # prometheus_client leaves it untyped
        yield from counted
        told = {metric.name for metric in counted}
        for metric in registry.collect():
            if metric.name not in told:
                yield Metric(metric.name, metric.documentation, metric.type)


def forget_dead(directory: Path) -> None:
    """Drop what ended processes left in gauges of the living ("now running")."""
    for path in directory.glob("gauge_live*.db"):
        pid = path.stem.rpartition("_")[2]
        if pid.isdigit() and not _lives(int(pid)):
            path.unlink(missing_ok=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
