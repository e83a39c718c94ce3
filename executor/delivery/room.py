"""Who may have which of a worker's threads, so that nobody's backlog holds up everybody.

A worker has `threads` places for any call, and RESERVE more that only interactive
calls get: not those of an instance that fills the worker already, but for one. So
a slow batch, and one slow external system, each leave room for others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q

from executor.choices import Priority
from executor.delivery.claim import NOTHING
from executor.delivery.constants import HOLD_SECONDS, MAX_HOLDS, RESERVE
from executor.models import Execution
from integration_hub.lib import clock


def free(running: list[Execution], threads: int) -> int:
    """Places for any call."""
    return max(0, threads - len(running))


def reserved(running: list[Execution], threads: int) -> int:
    """Places for interactive calls, once no other is free."""
    return threads + RESERVE - len(running) if len(running) >= threads else 0


def full(running: Iterable[Execution], threads: int) -> list[UUID]:
    """Instances that have had their share of this worker."""
    total, interactive = Counter[UUID](), Counter[UUID]()
    for execution in running:
        total[execution.instance_id] += 1
        interactive[execution.instance_id] += execution.priority == Priority.INTERACTIVE
    return [
        instance
        for instance, calls in interactive.items()
        if calls >= max(1, threads - (total[instance] - calls))
    ]


class Holds:
    """Methods whose limits parked a call a moment ago: claiming more of them is for nothing.

    Their other calls stay where they are, in their order, and take no worker's time.
    """

    def __init__(self) -> None:
        self._until: dict[tuple[UUID, str], float] = {}

    def note(self, execution: Execution, seconds: float) -> None:
        """`execution` may not run for `seconds`; the oldest note is dropped for the newest."""
        if len(self._until) >= MAX_HOLDS:
            self._until.pop(next(iter(self._until)), None)
        until = clock.monotonic() + min(seconds, HOLD_SECONDS)
        self._until[execution.instance_id, execution.method] = until

    def now(self) -> Q:
        """What is not to be claimed now."""
        moment, found = clock.monotonic(), NOTHING
        for (instance, method), until in list(self._until.items()):
            if until <= moment:
                self._until.pop((instance, method), None)
            else:
                held = Q(instance_id=instance, method=method)
                found = held if found is NOTHING else found | held
        return found


holds = Holds()
"""Of this worker process."""
