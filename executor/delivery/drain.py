"""One queued task runs many executions: claim while there is due work, on bounded threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from django.conf import settings

from executor import pipeline
from executor.delivery import claim, lost, node
from executor.delivery.constants import (
    DRAIN_POLL,
    GRACE_SECONDS,
    SETTLE_MARGIN,
    SIDE_EVERY,
    STOP_RESERVE,
    SUSPECT_PAUSE,
)
from executor.delivery.flight import Call, Flight, Keeper
from executor.delivery.pool import Pool
from executor.delivery.stopping import stop
from executor.models import Execution
from integration_hub.lib import clock, log

logger = log.get(__name__)

Side = Callable[[], object]


class Drain:
    """Runs due executions of `queues` until there are none, or until its time is up.

    It claims only rows whose own deadline ends before the task's timeout does, so
    the task is never killed in the middle of a call. `sides` are small jobs that
    must not wait for a long drain (due health checks, events).
    """

    def __init__(
        self, *, queues: Sequence[str], threads: int, seconds: float, sides: Sequence[Side] = ()
    ) -> None:
        self._queues, self._threads, self._sides = queues, threads, sides
        self._end = clock.monotonic() + seconds
        self._flight = Flight(node.process_name())
        self._pool = Pool("hub-drain")
        self._alone_after = clock.monotonic()
        self._sides_at = clock.monotonic() + SIDE_EVERY
        self._sides_running = 0
        self.done = 0

    def run(self) -> int:
        """The number of executions run."""
        with self._pool:
            if self._claim():
                self._run_to_the_end()
        return self.done

    def _run_to_the_end(self) -> None:
        with Keeper(self._flight):
            while len(self._flight) or self._claim():
                if stop.requested:
                    self._finish_within_grace()
                    break
                self._flight.wait(DRAIN_POLL)
                self._claim()
                self._run_sides()

    def _claim(self) -> bool:
        """Fill the free threads; whether anything was claimed."""
        if stop.requested:
            return False
        idle = not len(self._flight)
        solo = self._wants_solo()
        free = 0 if solo else self._threads - len(self._flight)
        rows = self._claimed(claim.claim, limit=free) if free > 0 else []
        if idle and not rows:
            rows = self._claim_solo()
        for row in rows:
            self._start(row)
        return bool(rows)

    def _wants_solo(self) -> bool:
        """Whether a suspect's turn has come, or one runs: nothing is claimed beside it."""
        if any(_runs_alone(call.execution) for call in self._flight.calls()):
            return True
        if clock.monotonic() < self._alone_after:
            return False
        return claim.waits_alone(queues=self._queues, fits_ms=self._fits_ms())

    def _claim_solo(self) -> list[Execution]:
        # The others get their turn before the next suspect does.
        self._alone_after = clock.monotonic() + SUSPECT_PAUSE
        return self._claimed(claim.claim_alone)

    def _claimed(self, take: Callable[..., list[Execution]], **limits: int) -> list[Execution]:
        fits = self._fits_ms()
        return take(queues=self._queues, fits_ms=fits, owner=self._flight.owner, **limits)

    def _fits_ms(self) -> int:
        return max(0, int((self._end - SETTLE_MARGIN - clock.monotonic()) * 1000))

    def _start(self, execution: Execution) -> None:
        self.done += 1
        call = self._flight.add(execution)
        self._pool.submit(partial(self._run_call, call))

    def _run_call(self, call: Call) -> None:
        try:
            pipeline.run_claimed(call.execution, cancelled=call.cancelled)
        except Exception:
            # The keeper hands it back: this worker lives, so no death may be charged.
            call.broken = True
            logger.exception("delivery.call_broke", execution_id=str(call.execution.pk))
            return
        self._flight.remove(call)

    def _run_sides(self) -> None:
        if clock.monotonic() < self._sides_at or self._sides_running:
            return
        self._sides_at = clock.monotonic() + SIDE_EVERY
        self._sides_running = 1
        self._pool.submit(self._run_each_side)

    def _run_each_side(self) -> None:
        try:
            for side in self._sides:
                side()
        finally:
            self._sides_running = 0

    def _finish_within_grace(self) -> None:
        end = clock.monotonic() + GRACE_SECONDS - STOP_RESERVE
        while len(self._flight) and clock.monotonic() < end:
            self._flight.wait(DRAIN_POLL)
        left = [call.execution for call in self._flight.calls()]
        if left:
            logger.warning("delivery.handed_back", calls=len(left))
            lost.hand_back(left, owner=self._flight.owner)


def _runs_alone(execution: Execution) -> bool:
    return execution.suspect or execution.deaths > 0


def threads() -> int:
    return node.current.threads or int(settings.HUB_WORKER_THREADS)
