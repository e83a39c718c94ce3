"""Whether this worker process has been told to stop.

A plain attribute, not an Event: a signal handler may run while the main thread
holds the Event's own lock.
"""

from __future__ import annotations


class _Stop:
    __slots__ = ("requested",)

    def __init__(self) -> None:
        self.requested = False


stop = _Stop()
