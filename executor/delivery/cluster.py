"""django-q2's cluster, made to stop well: titled, orphan-proof, and deaf to stray signals.

The stock workers die at once of a SIGTERM to the process group, in the middle of
their calls. Here the sentinel alone decides: it tells its workers to claim
nothing more, lets them finish, and ends them. It also knows first when a worker
is dead, and says so, which saves the worker's calls the rest of their lease.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
from collections.abc import Callable
from multiprocessing import Event
from time import sleep
from typing import Any

import django_q.cluster
import django_q.monitor
import django_q.pusher
import django_q.worker
from django.db import Error, connections
from django_q.cluster import Cluster, Sentinel, get_mp_context
from django_q.conf import Conf
from django_q.monitor import monitor
from django_q.pusher import pusher
from django_q.signals import post_spawn

from executor.delivery import lost, node
from executor.delivery.constants import STOP_POLL, STOP_RESERVE
from executor.delivery.processes import die_with_parent, entitle
from executor.delivery.stopping import stop
from integration_hub.lib import log

logger = log.get(__name__)


class HubSentinel(Sentinel):  # type: ignore[misc]  # django-q2 has no types
    """Guards the pool; stops only by its cluster's event."""

    def start(self) -> None:
        die_with_parent()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        super().start()

    def spawn_pusher(self) -> Any:
        return self.spawn_process(_pusher, self.task_queue, self.event_out, self.broker)

    def spawn_monitor(self) -> Any:
        return self.spawn_process(_monitor, self.result_queue, self.broker)

    def reincarnate(self, process: Any) -> None:
        was_worker = process in self.pool
        super().reincarnate(process)
        if was_worker:
            # One that hangs in C code hears no SIGTERM, and would run on beside its successor.
            process.kill()
            process.join()
            _say_dead(lost.bury, node.owner_of(process.pid))

    def stop(self) -> None:
        """As django-q2 does, but for workers that are dead or die meanwhile: nothing waits on them.

        What was read from the queue and not run is only a hint.
        """
        for worker in self.pool:
            if worker.is_alive():
                os.kill(worker.pid, signal.SIGTERM)
        self.event_out.set()
        while any(worker.is_alive() for worker in self.pool):
            with contextlib.suppress(queue.Full):
                self.task_queue.put_nowait("STOP")
            sleep(STOP_POLL)
        self.task_queue.cancel_join_thread()
        self.result_queue.put("STOP")
        self.monitor.join(STOP_RESERVE / 2)
        for helper in (self.pusher, self.monitor):
            helper.kill()


class HubCluster(Cluster):  # type: ignore[misc]  # django-q2 has no types
    def start(self) -> int:
        """Fork the sentinel; returns at once."""
        self.stop_event, self.start_event = Event(), Event()
        self.sentinel = get_mp_context().Process(
            target=HubSentinel,
            args=(self.stop_event, self.start_event, self.cluster_id, self.broker, self.timeout),
        )
        self.sentinel.start()
        return int(self.pid)

    def sig_handler(self, *_: object) -> None:
        """Only ask: `run_cluster` waits for the sentinel, so a second signal does no harm."""
        if self.stop_event is not None:
            self.stop_event.set()


def run_cluster(*, workers: int) -> int:
    """Serve the queue until SIGTERM or SIGINT; the sentinel's exit code."""
    _configure(workers)
    _say_dead(lost.bury_tree, node.current.name)
    cluster = HubCluster()
    cluster.start()
    cluster.sentinel.join()
    return int(cluster.sentinel.exitcode or 0)


def _configure(workers: int) -> None:
    """What django-q2 takes from settings at import, as this command was told instead."""
    Conf.WORKERS = workers
    for module in (django_q.cluster, django_q.monitor, django_q.pusher, django_q.worker):
        module.setproctitle = None  # the titles are ours
    post_spawn.connect(_on_worker_start, dispatch_uid="hub")


def _say_dead(bury: Callable[[str], object], name: str) -> None:
    """Best effort: where the database does not answer, the leases end by themselves."""
    try:
        bury(name)
    except Error as error:
        logger.warning("delivery.bury_failed", error=type(error).__name__)
    connections.close_all()  # what is forked next opens its own


def _on_worker_start(**_: Any) -> None:
    entitle("worker")
    parent = os.getppid()

    def on_term(*_: object) -> None:
        if os.getppid() != parent:
            # The cluster was killed: nobody waits for us, our leases hand our calls on.
            os._exit(0)
        stop.requested = True
        Conf.MAX_RSS = 1  # told alone, it ends after its task, and the sentinel starts another

    signal.signal(signal.SIGTERM, on_term)
    die_with_parent(signal.SIGTERM)


def _pusher(*arguments: Any) -> None:
    die_with_parent()
    pusher(*arguments)


def _monitor(*arguments: Any) -> None:
    die_with_parent()
    monitor(*arguments)
