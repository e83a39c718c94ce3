"""Every number of delivery, in one place. Seconds unless the name says otherwise."""

from __future__ import annotations

from typing import Final

LEASE_SECONDS: Final = 30.0
"""How long a claim lasts; a dead worker's rows are settled this long after its last renewal."""

RENEW_EVERY: Final = 10.0
"""Three renewals a lease: two may fail before a running call is taken for dead."""

WATCH_EVERY: Final = 1.0
"""How often a drain looks for cancel requests and lost claims of the calls that it runs."""

DRAIN_POLL: Final = 0.25
"""How often a drain that runs calls and has room looks for more."""

SIDE_EVERY: Final = 1.0
"""How often a busy drain also looks for due health checks and undelivered events."""

SIDE_SECONDS: Final = 60.0
"""After so long a side begins nothing more; it is begun again while there is work."""

SIDES_END: Final = 120.0
"""No side is begun this near to the end of a drain: what it has begun must end before."""

RELAY_LINGERS: Final = 2.0
"""After its last event a relay looks for more, so that few of a stream wait for the pacer."""

RESERVE: Final = 2
"""Threads beside those of a worker that neither batch work nor one instance's backlog takes."""

HOLD_SECONDS: Final = 1.0
"""A method that its own limits hold back is left unclaimed by a worker for this long at most."""

MAX_HOLDS: Final = 50

TURN_LEASE: Final = 10.0
"""One worker at a time runs empty for a suspect; it says so again every third of this."""

SETTLE_MARGIN: Final = 10.0
"""What a call may take beyond its own deadline, its settling included."""


PACE_EVERY: Final = 1.0
SHORTEST_PAUSE: Final = 0.05
PACER_LEASE: Final = 10.0
RECONCILE_EVERY: Final = 2.0
BEAT_EVERY: Final = 5.0
UPKEEP_EVERY: Final = 3600.0

CANARY_EVERY: Final = 10.0
"""A silent cluster is asked for a sign of life this often."""

LIVELY: Final = 12.0
"""A sign of life younger than this says that a cluster runs tasks."""

STUCK_AFTER: Final = 30.0
"""A cluster that has not been lively for this long is restarted: ≤ 42 s after its last task."""

PACER_STUCK_AFTER: Final = 30.0

GRACE_SECONDS: Final = 30.0
"""After SIGTERM running calls have this long to finish; the rest is handed back."""

STOP_RESERVE: Final = 4.0
"""What is left of the grace for the cluster's own end, after its workers' calls."""

STOP_POLL: Final = 0.1

SUSPECT_PAUSE: Final = 2.0
"""Between two suspects that run alone, a drain claims other work for this long."""

MAX_DEATHS: Final = 3
"""A call that was running when its worker died this often ends as POISON."""

HEALTH_THREADS: Final = 16
"""Checks at once in one process: they wait far more than they compute."""

PURGE_BATCH: Final = 1_000
"""Rows that one batch of the purge deletes at most, and at least, however busy the database is."""

PURGE_LEAST: Final = 10

PURGE_BATCH_SECONDS: Final = 0.05
"""What a batch should take: the next one is half as large after one that took longer."""

PURGE_SLICE: Final = 0.2
"""What the pacer purges of every second; a batch that has begun is ended."""

SIZE_EVERY: Final = 300.0
"""How often a log with a bound on its size is measured; without one a pass an hour is enough."""

PURGE_LEASE: Final = 60.0
PURGE_AGAIN: Final = 60.0
"""A pass that failed begins again after this long."""
