"""The sign of life of this tree's workers, which the watchdog and /health/readiness read."""

from __future__ import annotations

from executor.delivery import node
from executor.delivery.constants import BEAT_EVERY
from integration_hub.coordination import heartbeat
from integration_hub.coordination.models import Heartbeat
from integration_hub.lib import clock

WORKER, PACER, WATCHDOG = "worker", "pacer", "watchdog"
_SEPARATOR = "|"


class _Shown:
    __slots__ = ("at",)

    def __init__(self) -> None:
        self.at: float | None = None


_shown = _Shown()


def show() -> None:
    """Say that a worker of this tree runs tasks; at most one statement every few seconds."""
    now = clock.monotonic()
    if _shown.at is None or now - _shown.at >= BEAT_EVERY:
        heartbeat.beat(WORKER, _SEPARATOR.join((node.current.name, *node.current.queues)))
        _shown.at = now


def workers_of_this_tree(within_seconds: float) -> list[Heartbeat]:
    """Workers of this tree that showed themselves lately."""
    alive = heartbeat.alive(WORKER, within_seconds)
    return [beat for beat in alive if beat.detail.split(_SEPARATOR)[0] == node.current.name]


def served_queues(within_seconds: float) -> set[str]:
    """The queues that some worker, wherever it runs, showed lately that it takes from."""
    beats = heartbeat.alive(WORKER, within_seconds)
    return {queue for beat in beats for queue in beat.detail.split(_SEPARATOR)[1:]}
