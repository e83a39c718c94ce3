"""One queued task runs many executions: claim while there is due work, on bounded threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from django.conf import settings
from django.db.models import Q

from executor import pipeline
from executor.choices import Priority
from executor.delivery import claim, lost, node, room
from executor.delivery.constants import (
    DRAIN_POLL,
    GRACE_SECONDS,
    SETTLE_MARGIN,
    SIDES_END,
    STOP_RESERVE,
    SUSPECT_PAUSE,
)
from executor.delivery.flight import Call, Flight, Keeper
from executor.delivery.pool import Pool
from executor.delivery.processes import die_of_memory
from executor.delivery.room import holds
from executor.delivery.sides import Side, Sides
from executor.delivery.stopping import stop
from executor.delivery.turn import Turn
from executor.entering import LIMITS
from executor.models import Execution
from integration_hub.lib import clock, log

logger = log.get(__name__)


class Drain:
    """Runs due executions of `queues` until there are none, or until its time is up.

    It claims only rows whose own deadline ends before the task's timeout does, so
    the task is never killed in the middle of a call. `sides` are small jobs that
    must not wait for a long drain (due health checks, events), nor a call for them:
    `run(first=…)` begins with one of them, and claims what falls due meanwhile.
    """

    def __init__(
        self, *, queues: Sequence[str], threads: int, seconds: float, sides: Sequence[Side] = ()
    ) -> None:
        self._queues, self._threads = queues, threads
        self._end = clock.monotonic() + seconds
        self._flight = Flight(node.process_name())
        self._pool = Pool("hub-drain")
        self._alone_after = clock.monotonic()
        self._turn = Turn()
        self._sides = Sides(sides, self._pool)
        self.done = 0

    def run(self, *, first: Side | None = None) -> int:
        """The number of executions run."""
        with self._pool:
            if first is not None:
                self._sides.begin(first)
            if self._claim() or first is not None:
                self._run_to_the_end()
        return self.done

    def _run_to_the_end(self) -> None:
        with Keeper(self._flight):
            while self._is_busy() or self._claim():
                if stop.requested:
                    self._finish_within_grace()
                    break
                self._wait()
                self._claim()
                if self._is_busy() and clock.monotonic() < self._end - SIDES_END:
                    self._sides.run()
        self._turn.pass_on()

    def _is_busy(self) -> bool:
        return len(self._flight) > 0 or self._sides.busy()

    def _wait(self) -> None:
        """Until a call ends, or where there is none a side, and not for long."""
        (self._flight if len(self._flight) else self._sides).wait(DRAIN_POLL)

    def _claim(self) -> bool:
        """Fill the free threads; whether anything was claimed."""
        if stop.requested:
            return False
        idle = not len(self._flight)
        started = 0 if self._wants_solo(idle=idle) else self._claim_beside()
        if idle and not started:
            started = self._begin(self._claim_solo())
        return bool(started)

    def _claim_beside(self) -> int:
        """Any work while there are threads, then interactive work for the reserve."""
        started, held = 0, holds.now()
        if free := room.free(self._flight.executions(), self._threads):
            rows = self._claimed(claim.claim, limit=free, without=held)
            started = self._begin(rows)
        running = self._flight.executions()
        if Priority.INTERACTIVE.value not in self._queues:
            return started
        if reserved := room.reserved(running, self._threads):
            crowd = Q(instance_id__in=room.full(running, self._threads))
            without = crowd if held is claim.NOTHING else held | crowd
            queues = (Priority.INTERACTIVE.value,)
            rows = self._claimed(claim.claim, limit=reserved, without=without, queues=queues)
            started += self._begin(rows)
        return started

    def _wants_solo(self, *, idle: bool) -> bool:
        """Whether a suspect's turn has come, or one runs: nothing is claimed beside it."""
        if any(_runs_alone(execution) for execution in self._flight.executions()):
            return True
        if clock.monotonic() < self._alone_after:
            return False
        if not claim.waits_alone(queues=self._queues, fits_ms=self._fits_ms()):
            self._turn.pass_on()
            return False
        return idle or self._turn.is_mine()

    def _claim_solo(self) -> list[Execution]:
        # The others get their turn before the next suspect does.
        self._alone_after = clock.monotonic() + SUSPECT_PAUSE
        self._turn.pass_on()
        return self._claimed(claim.claim_alone)

    def _claimed(self, take: Callable[..., list[Execution]], **options: Any) -> list[Execution]:
        asked = {"queues": self._queues, "fits_ms": self._fits_ms(), **options}
        return take(owner=self._flight.owner, **asked)

    def _fits_ms(self) -> int:
        return max(0, int((self._end - SETTLE_MARGIN - clock.monotonic()) * 1000))

    def _begin(self, rows: list[Execution]) -> int:
        for execution in rows:
            call = self._flight.add(execution)
            self._pool.submit(partial(self._run_call, call))
        self.done += len(rows)
        return len(rows)

    def _run_call(self, call: Call) -> None:
        try:
            outcome = pipeline.run_claimed(call.execution, cancelled=call.cancelled)
            if outcome is not None and isinstance(outcome.error, LIMITS):
                holds.note(call.execution, outcome.retry_in or 0.0)
        except MemoryError:
            die_of_memory()
        except Exception:
            # The keeper hands it back: this worker lives, so no death may be charged.
            call.broken = True
            logger.exception("delivery.call_broke", execution_id=str(call.execution.pk))
            return
        self._flight.remove(call)

    def _finish_within_grace(self) -> None:
        end = clock.monotonic() + GRACE_SECONDS - STOP_RESERVE
        while self._is_busy() and clock.monotonic() < end:
            self._wait()
        left = [call.execution for call in self._flight.calls()]
        if left:
            logger.warning("delivery.handed_back", calls=len(left))
            lost.hand_back(left, owner=self._flight.owner)


def _runs_alone(execution: Execution) -> bool:
    return execution.suspect or execution.deaths > 0


def threads() -> int:
    return node.current.threads or int(settings.HUB_WORKER_THREADS)
