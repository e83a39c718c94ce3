"""How much is deleted at a time: batches that stay short while the database is busy."""

from __future__ import annotations

from dataclasses import dataclass

from executor.delivery.constants import PURGE_BATCH, PURGE_BATCH_SECONDS, PURGE_LEAST


@dataclass(slots=True)
class Portion:
    """Rows of the next batch; who deletes reads it anew for each.

    Halved by a batch that took longer than it should, doubled by one that took less
    than half of that: a purge beside calls takes what they leave.
    """

    rows: int = PURGE_LEAST * 10

    def took(self, seconds: float) -> None:
        """The batch just deleted took this long."""
        if seconds > PURGE_BATCH_SECONDS:
            self.rows = max(PURGE_LEAST, self.rows // 2)
        elif seconds < PURGE_BATCH_SECONDS / 2:
            self.rows = min(PURGE_BATCH, self.rows * 2)
