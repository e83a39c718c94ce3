"""The calls that this worker process runs now, and the thread that keeps their leases."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from uuid import UUID

from django.db import Error, close_old_connections, connections

from executor.delivery import claim, life, lost
from executor.delivery.constants import RENEW_EVERY, WATCH_EVERY
from executor.delivery.processes import die_of_memory
from executor.models import Execution
from integration_hub.lib import clock, log

logger = log.get(__name__)


@dataclass(slots=True)
class Call:
    """One claimed row. `broken` once its thread failed to settle it."""

    execution: Execution
    cancelled: threading.Event = field(default_factory=threading.Event)
    broken: bool = False


class Flight:
    """The running calls by id. Every method may be called from any thread."""

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self._calls: dict[UUID, Call] = {}
        self._changed = threading.Condition()

    def add(self, execution: Execution) -> Call:
        call = Call(execution)
        with self._changed:
            self._calls[execution.pk] = call
        return call

    def remove(self, call: Call) -> None:
        with self._changed:
            self._calls.pop(call.execution.pk, None)
            self._changed.notify_all()

    def calls(self) -> list[Call]:
        with self._changed:
            return list(self._calls.values())

    def executions(self) -> list[Execution]:
        return [call.execution for call in self.calls()]

    def __len__(self) -> int:
        with self._changed:
            return len(self._calls)

    def wait(self, seconds: float) -> None:
        """Return when a call ends, or after `seconds`."""
        with self._changed:
            if self._calls:
                self._changed.wait(seconds)


class Keeper(threading.Thread):
    """Renews the leases of a flight, passes cancel requests on, and shows that we live.

    A row that is no longer ours is cancelled here: its new holder runs it. While
    the database is away nothing can be renewed; the leases then end, and the
    fence keeps our late writes out.
    """

    def __init__(self, flight: Flight) -> None:
        super().__init__(name="keeper", daemon=True)
        self._flight = flight
        self._done = threading.Event()
        self._renewed = clock.monotonic()

    def __enter__(self) -> Keeper:
        life.show()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self.join()

    def run(self) -> None:
        while not self._done.wait(WATCH_EVERY):
            try:
                close_old_connections()
                self._tick()
            except Error as error:
                logger.warning("delivery.keeper_failed", error=type(error).__name__)
            except MemoryError:
                die_of_memory()
        connections.close_all()

    def _tick(self) -> None:
        now = clock.monotonic()
        calls = {call.execution.pk: call for call in self._flight.calls()}
        if calls:
            for pk in claim.cancel_requested(calls):
                calls[pk].cancelled.set()
            if now - self._renewed >= RENEW_EVERY:
                self._renew(calls)
                self._renewed = now
        life.show()
        for call in calls.values():
            if call.broken:
                lost.hand_back([call.execution], owner=self._flight.owner)
                self._flight.remove(call)

    def _renew(self, calls: dict[UUID, Call]) -> None:
        for pk in calls.keys() - claim.renew(calls, owner=self._flight.owner):
            calls[pk].cancelled.set()
