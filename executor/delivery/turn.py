"""Whose turn it is to run empty for a suspect.

A suspect runs with nothing beside it, so a worker must first finish what it has.
If all of them did that at once, one poisonous call would hold up the whole hub.
"""

from __future__ import annotations

from executor.delivery.constants import TURN_LEASE
from integration_hub.coordination import leases
from integration_hub.coordination.leases import Lease
from integration_hub.lib import clock


class Turn:
    """One worker of all holds it; a dead holder's ends by itself."""

    def __init__(self) -> None:
        self._lease: Lease | None = None
        self._look_at = clock.monotonic()

    def is_mine(self) -> bool:
        """Take it, or keep it; asks the database now and then only."""
        if clock.monotonic() >= self._look_at:
            self._look_at = clock.monotonic() + TURN_LEASE / 3
            if self._lease is None or not self._lease.renew():
                self._lease = leases.hold("suspects", TURN_LEASE)
        return self._lease is not None

    def pass_on(self) -> None:
        if self._lease is not None:
            self._lease.release()
            self._lease = None
