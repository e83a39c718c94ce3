"""Small jobs that must not wait for a long drain: due health checks, events."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial

from executor.delivery.constants import SIDE_EVERY
from executor.delivery.pool import Pool
from integration_hub.lib import clock

Side = Callable[[], object]


class Sides:
    """Small jobs beside the calls, each with a thread of its own and never twice at once."""

    def __init__(self, jobs: Sequence[Side], pool: Pool) -> None:
        self._jobs, self._pool = jobs, pool
        self._running: set[Side] = set()
        self._changed = threading.Condition()
        self._due_at = clock.monotonic() + SIDE_EVERY

    def run(self) -> None:
        """Start those that are due; returns at once."""
        if clock.monotonic() < self._due_at:
            return
        self._due_at = clock.monotonic() + SIDE_EVERY
        for job in self._jobs:
            self.begin(job)

    def begin(self, job: Side) -> None:
        """Start this one now, unless it runs."""
        with self._changed:
            if job in self._running:
                return
            self._running.add(job)
        self._pool.submit(partial(self._run_one, job))

    def busy(self) -> bool:
        with self._changed:
            return bool(self._running)

    def wait(self, seconds: float) -> None:
        """Return when a job ends, or after `seconds`."""
        with self._changed:
            if self._running:
                self._changed.wait(seconds)

    def _run_one(self, job: Side) -> None:
        try:
            job()
        finally:
            with self._changed:
                self._running.discard(job)
                self._changed.notify_all()
