"""Threads that run calls: as many as there are jobs at once, gone when their work is done.

They are daemons, so that a worker process which must end never waits for a
blocked call; what such a call held is settled by its lease.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from django.db import connections

from integration_hub.lib import log

CLOSE_SECONDS = 2.0

logger = log.get(__name__)

Job = Callable[[], None]


class Pool:
    """Runs each job on a free thread, else on a new one; the caller bounds how many at once.

    On leaving the block idle threads end and close their database connections; one
    that is still blocked is left behind.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._free = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join(CLOSE_SECONDS)

    def submit(self, job: Job) -> None:
        with self._lock:
            start = self._free == 0
            self._free -= 0 if start else 1
        self._jobs.put(job)
        if start:
            thread = threading.Thread(target=self._work, name=self._name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def _work(self) -> None:
        try:
            while (job := self._jobs.get()) is not None:
                self._run(job)
                with self._lock:
                    self._free += 1
        finally:
            connections.close_all()

    def _run(self, job: Job) -> None:
        try:
            job()
        except Exception:
            # A job settles its own faults; what still comes here must not end the thread.
            logger.exception("delivery.job_failed")
