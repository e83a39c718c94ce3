"""The watchdog: outside the cluster, it notices one that runs nothing and has it restarted.

Known on django-q2 1.11: a worker that dies while it waits for the next task takes
the lock of the cluster's inner queue with it, and no worker gets a task again.
The processes all look alive, so only a task that runs is taken for a sign of life.
"""

from __future__ import annotations

from enum import IntEnum

from django.db import Error, close_old_connections
from django_q.models import OrmQ

from executor.delivery import life, node, nudge
from executor.delivery.constants import (
    BEAT_EVERY,
    CANARY_EVERY,
    LIVELY,
    PACE_EVERY,
    PACER_STUCK_AFTER,
    STUCK_AFTER,
)
from executor.delivery.stopping import stop
from integration_hub.coordination import heartbeat
from integration_hub.lib import clock, log

logger = log.get(__name__)


class Verdict(IntEnum):
    """The watchdog's exit code tells its supervisor whom to restart."""

    STOPPED = 0
    CLUSTER_STUCK = 64
    PACER_STUCK = 65


class Watchdog:
    """Looks every second. A database that is away excuses everybody."""

    def __init__(self) -> None:
        self._cluster_seen = self._pacer_seen = clock.monotonic()
        self._asked_at = 0.0
        self._shown_at = 0.0

    def run(self) -> Verdict:
        OrmQ.objects.filter(key=nudge.key_of(node.canary_queue())).delete()
        while not stop.requested:
            close_old_connections()
            verdict = self.look()
            if verdict is not Verdict.STOPPED:
                return verdict
            clock.sleep(PACE_EVERY)
        heartbeat.leave(life.WATCHDOG)
        return Verdict.STOPPED

    def look(self) -> Verdict:
        now = clock.monotonic()
        try:
            self._ask(now)
            if life.workers_of_this_tree(LIVELY):
                self._cluster_seen = now
            if self._pacer_lives():
                self._pacer_seen = now
        except Error as error:
            logger.warning("delivery.watchdog_blind", error=type(error).__name__)
            self._cluster_seen = self._pacer_seen = now
            return Verdict.STOPPED
        return self._judge(now)

    def _judge(self, now: float) -> Verdict:
        if now - self._cluster_seen >= STUCK_AFTER:
            logger.error("delivery.cluster_stuck", silent_seconds=round(now - self._cluster_seen))
            return Verdict.CLUSTER_STUCK
        if now - self._pacer_seen >= PACER_STUCK_AFTER:
            logger.error("delivery.pacer_stuck", silent_seconds=round(now - self._pacer_seen))
            return Verdict.PACER_STUCK
        return Verdict.STOPPED

    def _ask(self, now: float) -> None:
        """Enqueue a canary that only this tree's cluster can run; show that we look."""
        if now - self._shown_at >= BEAT_EVERY:
            heartbeat.beat(life.WATCHDOG, node.current.name)
            self._shown_at = now
        if now - self._asked_at >= CANARY_EVERY and not life.workers_of_this_tree(CANARY_EVERY):
            nudge.hint(nudge.CANARY, node.canary_queue())
            self._asked_at = now

    def _pacer_lives(self) -> bool:
        return any(beat.detail == node.current.name for beat in heartbeat.alive(life.PACER, LIVELY))
