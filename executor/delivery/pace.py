"""The pacer: a small loop beside the cluster that finds what nobody was told of.

Any number may run; per database one acts at a time, by a lease. What it finds it
only hints at: executions, health checks and events are run by the cluster.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db import Error, close_old_connections

from executor.choices import Priority
from executor.credential_tests import running as credential_tests
from executor.delivery import claim, life, node, nudge, purge
from executor.delivery.constants import (
    BEAT_EVERY,
    PACE_EVERY,
    PACER_LEASE,
    RECONCILE_EVERY,
    RENEW_EVERY,
    SHORTEST_PAUSE,
    UPKEEP_EVERY,
)
from executor.delivery.lost import reconcile
from executor.delivery.stopping import stop
from executor.health import checks as health
from integration_hub.audit import sealer
from integration_hub.coordination import dbtime, heartbeat, leases
from integration_hub.coordination.leases import Lease
from integration_hub.events import relay
from integration_hub.events.models import Event
from integration_hub.lib import clock, log

logger = log.get(__name__)


@dataclass(slots=True)
class Step:
    """Something to do every so often."""

    name: str
    every: float
    act: Callable[[], object]
    due_at: float = 0.0


def hint_what_is_due() -> None:
    """Enqueue a hint for every kind of work that waits and has no hint yet."""
    for queue in node.PRIORITIES:
        if claim.any_due(queues=(queue,)):
            nudge.hint(nudge.DRAIN, queue)
    if health.any_due():
        nudge.hint(nudge.CHECK_HEALTH, node.HEALTH)
    if credential_tests.any_due():
        nudge.hint(nudge.TEST_CREDENTIALS, Priority.INTERACTIVE.value)
    if _events_wait():
        nudge.hint(nudge.RELAY_EVENTS, node.EVENTS)


def _events_wait() -> bool:
    return Event.objects.filter(fanned_out=False).exists() or relay.due(dbtime.now()).exists()


class Pacer:
    """`tick` does what is due; `run` ticks until this process is told to stop."""

    def __init__(self) -> None:
        self._lease: Lease | None = None
        self._beat = Step("beat", BEAT_EVERY, self._show)
        self._due = Step("due", PACE_EVERY, hint_what_is_due)
        self._steps = [
            self._due,
            Step("reconcile", RECONCILE_EVERY, reconcile),
            Step("audit", sealer.SEAL_EVERY, sealer.keep_chained),
            Step("partitions", UPKEEP_EVERY, purge.make_partitions),
            Step("purge", PACE_EVERY, purge.Purge().slice),
        ]

    def run(self) -> None:
        while not stop.requested:
            close_old_connections()
            self.tick()
            clock.sleep(self._pause())
        if self._lease is not None:
            self._lease.release()
        heartbeat.leave(life.PACER)

    def tick(self) -> None:
        """A step that fails is logged and tried again; it never keeps the others from running."""
        self._do(self._beat)
        if not self._acting():
            return
        for step in self._steps:
            self._do(step)

    def _pause(self) -> float:
        """A second, or less when an execution falls due within it: nothing starts late for us."""
        if self._lease is None:
            return PACE_EVERY
        try:
            left = claim.seconds_to_next(within=PACE_EVERY)
        except Error as error:
            self._after_outage(error)
            return PACE_EVERY
        if left is None:
            return PACE_EVERY
        self._due.due_at = 0.0
        return max(left, SHORTEST_PAUSE)

    def _acting(self) -> bool:
        try:
            if self._lease is None or not self._lease.renew():
                self._lease = leases.hold("pacer", PACER_LEASE)
        except Error as error:
            self._after_outage(error)
            return False
        return self._lease is not None

    def _do(self, step: Step) -> None:
        if clock.monotonic() < step.due_at:
            return
        try:
            step.act()
        except Error as error:
            self._after_outage(error)
        except Exception:
            logger.exception("delivery.pacer_step_failed", step=step.name)
        step.due_at = max(step.due_at, clock.monotonic() + step.every)

    def _after_outage(self, error: Error) -> None:
        """While the database was away no living worker could renew: let those go first."""
        logger.warning("delivery.pacer_database", error=type(error).__name__)
        for step in self._steps:
            if step.act is reconcile:
                step.due_at = clock.monotonic() + RENEW_EVERY + PACE_EVERY

    def _show(self) -> None:
        heartbeat.beat(life.PACER, node.current.name)
