"""What django-q2's scheduler runs: one task a minute, the safety net under the pacer."""

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
}
