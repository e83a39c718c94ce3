"""What django-q2 runs. Every task takes names or ids, never data."""

from __future__ import annotations

from executor.delivery import nudge
from integration_hub.lib import log

logger = log.get(__name__)


def drain(queue: str) -> None:
    """Run due executions until there are none."""
    logger.debug("delivery.drain", queue=queue, task=nudge.DRAIN)
