"""Which processes make up a hub, for `runhub` and `runworker`."""

from __future__ import annotations

import signal

from django.conf import settings
from django.core.management.base import CommandError

from executor.delivery import node
from executor.delivery.cluster import run_cluster
from executor.delivery.pace import Pacer
from executor.delivery.stopping import stop
from executor.delivery.supervisor import Child
from executor.delivery.watch import Verdict, Watchdog
from executor.delivery.web import serve
from integration_hub import env
from integration_hub.lib import metrics


def check_workers(workers: int) -> None:
    """SQLite has one writer: more worker processes only wait for each other."""
    if settings.IS_SQLITE and workers > 1:
        raise CommandError(
            f"SQLite takes one worker process with many threads, not {workers}. Use --threads, "
            "or set DATABASE_URL to a PostgreSQL database."
        )


def name_this_node(*, queues: tuple[str, ...], threads: int | None) -> None:
    node.current = node.Node(name=node.default_name(), queues=queues, threads=threads)


def share_metrics(*, fresh: bool) -> None:
    """Count in files, so that one scrape sees every process of this host."""
    env.export("PROMETHEUS_MULTIPROC_DIR", str(settings.HUB_METRICS_DIR))
    metrics.share(settings.HUB_METRICS_DIR, fresh=fresh)


def worker_children(*, workers: int) -> list[Child]:
    return [
        Child("cluster", lambda: run_cluster(workers=workers)),
        Child("pacer", _run_pacer),
        Child(
            "watchdog",
            _run_watchdog,
            restarts={Verdict.CLUSTER_STUCK: "cluster", Verdict.PACER_STUCK: "pacer"},
        ),
    ]


def web_child(*, host: str, port: int, workers: int, threads: int) -> Child:
    return Child(
        "web",
        lambda: serve(host=host, port=port, workers=workers, threads=threads),
        lingers=True,
    )


def _run_pacer() -> None:
    _stop_on_signal()
    Pacer().run()


def _run_watchdog() -> int:
    _stop_on_signal()
    return int(Watchdog().run())


def _stop_on_signal() -> None:
    def ask(*_: object) -> None:
        stop.requested = True

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)
