"""What django-q2's scheduler runs: the safety net under the pacer, and the count of denials."""

from __future__ import annotations

from typing import Any

SCHEDULES: dict[str, dict[str, Any]] = {
    "hub: safety net": {
        "func": "executor.tasks.safety_net",
        "schedule_type": "I",
        "minutes": 1,
        "repeats": -1,
        "cluster": None,
    },
    "hub: denials to audit": {
        "func": "integration_hub.access.denials.settle_denials",
        "schedule_type": "I",
        "minutes": 1,
        "repeats": -1,
        "cluster": None,
    },
}
