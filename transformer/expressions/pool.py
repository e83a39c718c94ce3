"""The worker processes of this process: one a core, a bounded queue before them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from signal import SIGALRM, SIGSEGV
from threading import Condition
from typing import Any

from integration_hub.lib.errors import ServiceUnavailable
from transformer.engine import ExpressionFailed
from transformer.expressions import wire
from transformer.expressions.process import NotStarted, WorkerProcess

GRACE_SECONDS = 0.3  # an engine ends itself at its limit; later, the process is killed
MAX_JOBS = 10_000  # then a fresh process takes over
MAX_WAITING = 256
WAIT_SECONDS = 10.0


@dataclass(slots=True)
class Pool:
    """Safe between threads. Processes start when they are first needed, and stay."""

    engine: str
    size: int
    _idle: list[WorkerProcess] = field(default_factory=list)
    _free: Condition = field(default_factory=Condition)
    _running: int = 0
    _waiting: int = 0

    def ask(
        self, head: Mapping[str, Any], body: bytes, seconds: float
    ) -> tuple[dict[str, Any], bytes]:
        """A worker's answer. Raises ExpressionFailed with LIMIT_TIME for one that had to be
        killed, LIMIT_SIZE or LIMIT_DEPTH for one that died; ServiceUnavailable if none is
        to be had."""
        worker = self._take()
        keep = False
        try:
            answer = worker.ask(dict(head), body, seconds + GRACE_SECONDS)
            keep = not answer[0].get("last") and worker.jobs < MAX_JOBS
        except TimeoutError:
            detail = f"It took longer than {seconds:.3g} s, and was stopped"
            raise ExpressionFailed("LIMIT_TIME", detail) from None
        except NotStarted:
            raise ServiceUnavailable(
                f"The process for expressions does not start; is the engine {self.engine} "
                "installed? `manage.py check` says so."
            ) from None
        except wire.Broken:
            raise _died(worker.kill()) from None
        else:
            return answer
        finally:
            self._give_back(worker, keep=keep)

    def abandon(self) -> None:
        """In a forked child: the processes are the parent's."""
        for worker in self._idle:
            worker.abandon()

    def close(self) -> None:
        """End the idle processes."""
        with self._free:
            idle, self._idle = self._idle, []
            self._running -= len(idle)
        for worker in idle:
            worker.kill()

    def pids(self) -> list[int]:
        """Of the idle processes."""
        with self._free:
            return [worker.pid for worker in self._idle]

    def _take(self) -> WorkerProcess:
        with self._free:
            if not self._idle and self._running >= self.size:
                self._wait()
            if self._idle:
                return self._idle.pop()
            self._running += 1
        return self._start()

    def _wait(self) -> None:
        if self._waiting >= MAX_WAITING:
            raise _busy()
        self._waiting += 1
        try:
            free = self._free.wait_for(
                lambda: self._idle or self._running < self.size, WAIT_SECONDS
            )
        finally:
            self._waiting -= 1
        if not free:
            raise _busy()

    def _start(self) -> WorkerProcess:
        try:
            return WorkerProcess(self.engine)
        except OSError as error:
            with self._free:
                self._running -= 1
                self._free.notify()
            raise ServiceUnavailable(
                f"No process for expressions could be started: {error.strerror}."
            ) from None

    def _give_back(self, worker: WorkerProcess, *, keep: bool) -> None:
        if not keep:
            worker.kill()
        with self._free:
            if keep:
                self._idle.append(worker)
            else:
                self._running -= 1
            self._free.notify()


def _busy() -> ServiceUnavailable:
    return ServiceUnavailable(
        "Every process for expressions is busy, and too many calls wait for one; try again.",
        retry_after=1,
    )


def _died(ended: int) -> ExpressionFailed:
    if ended == -SIGALRM:
        return ExpressionFailed("LIMIT_TIME", "It did not end, and was stopped")
    if ended == -SIGSEGV:
        return ExpressionFailed("LIMIT_DEPTH", "It went deeper than its process could bear")
    return ExpressionFailed("LIMIT_SIZE", "It needed more memory than its process may have")


_pools: dict[str, Pool] = {}


def pool_of(engine: str) -> Pool:
    """This process's pool for an engine."""
    found = _pools.get(engine)
    if found is None:
        found = _pools.setdefault(engine, Pool(engine, max(1, os.cpu_count() or 1)))
    return found


def _after_fork() -> None:
    """A child starts its own: two processes on one socket would read each other's answers."""
    for pool in _pools.values():
        pool.abandon()
    _pools.clear()


os.register_at_fork(after_in_child=_after_fork)
