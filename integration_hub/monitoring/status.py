"""What the public may know: the integrations that an operator named for it, and how they are.

An instance is shown under the name in its label `status_page`, and only there: no
slug, host, reason or count of anything leaves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from executor.health import history, silences
from integration_hub.lib import jsonsafe
from registry.choices import Health
from registry.models import Instance

LABEL = "status_page"
MOST = 200
MAINTENANCE = "maintenance"
_WORST_FIRST = (
    Health.UNHEALTHY.value,
    Health.DEGRADED.value,
    MAINTENANCE,
    Health.UNKNOWN.value,
    Health.HEALTHY.value,
)


@dataclass(frozen=True, slots=True)
class PublicState:
    """One line of the page."""

    name: str
    state: str
    since: datetime | None
    uptime_90d: float | None


def lines() -> list[PublicState]:
    """Those that are shown, by name; 200 at most."""
    rows = Instance.objects.filter(enabled=True, labels__contains=f'"{LABEL}"').order_by("slug")
    found = [_line(row) for row in rows[:MOST]]
    return sorted((line for line in found if line is not None), key=lambda line: line.name.lower())


def overall(states: list[PublicState]) -> str:
    """The worst of them; `healthy` for none."""
    there = {line.state for line in states}
    return next((state for state in _WORST_FIRST if state in there), Health.HEALTHY.value)


def _line(row: Instance) -> PublicState | None:
    name = jsonsafe.loads(row.labels).get(LABEL)
    if not isinstance(name, str) or not name:
        return None
    state = MAINTENANCE if silences.in_force(row.pk).maintenance else row.health
    return PublicState(name, state, row.health_since, history.uptime(row.pk)["90d"])
