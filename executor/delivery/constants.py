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

SIDE_EVERY: Final = 2.0
"""How often a busy drain also looks for due health checks and undelivered events."""

SETTLE_MARGIN: Final = 10.0
"""What a call may take beyond its own deadline, its settling included."""


PACE_EVERY: Final = 1.0
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

SUSPECT_PAUSE: Final = 2.0
"""Between two suspects that run alone, a drain claims other work for this long."""

MAX_DEATHS: Final = 3
"""A call that was running when its worker died this often ends as POISON."""

HEALTH_THREADS: Final = 4
PURGE_BATCH: Final = 500
