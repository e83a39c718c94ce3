"""Threads that run calls: bounded, kept between drains, gone after a while without work.

They are daemons, so that a worker process which must end never waits for a
blocked call; what such a call held is settled by its lease.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from django.db import close_old_connections, connections

from integration_hub.lib import log

IDLE_SECONDS = 30.0

logger = log.get(__name__)

Job = Callable[[], None]


class Pool:
    """Runs jobs on as many threads as there are jobs at once; the caller bounds those."""

    def __init__(self, name: str, idle_seconds: float = IDLE_SECONDS) -> None:
        self._name, self._idle_seconds = name, idle_seconds
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._free = 0

    def submit(self, job: Job) -> None:
        with self._lock:
            self._free -= 1
            start = self._free < 0
            if start:
                self._free += 1
        self._jobs.put(job)
        if start:
            threading.Thread(target=self._work, name=self._name, daemon=True).start()

    def _work(self) -> None:
        try:
            while (job := self._next()) is not None:
                self._run(job)
                with self._lock:
                    self._free += 1
        finally:
            connections.close_all()

    def _next(self) -> Job | None:
        while True:
            try:
                return self._jobs.get(timeout=self._idle_seconds)
            except queue.Empty:
                with self._lock:
                    if self._free > 0:
                        self._free -= 1
                        return None

    def _run(self, job: Job) -> None:
        close_old_connections()
        try:
            job()
        except Exception:
            # A job settles its own faults; what still comes here must not end the thread.
            logger.exception("delivery.job_failed")
