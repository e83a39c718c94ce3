"""How django-q2 runs, and what its scheduler starts: the safety net under the pacer."""

from __future__ import annotations

from typing import Any

CLUSTER: dict[str, Any] = {
    "name": "hub",
    "orm": "default",
    "broker_class": "executor.delivery.broker.HubBroker",
    "timeout": 420,
    "retry": 480,
    "max_attempts": 1,
    "ack_failures": True,
    "bulk": 1,
    "queue_limit": 1,
    "save_limit": -1,
    "guard_cycle": 1,
    "poll": 0.2,
    "catch_up": False,
    "recycle": 5_000,
    "label": "Queue",
}

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
    "hub: credentials": {
        "func": "credentials.tasks.attend",
        "schedule_type": "I",
        "minutes": 1,
        "repeats": -1,
        "cluster": None,
    },
    "hub: audit chain": {
        "func": "integration_hub.audit.sealer.keep_chained",
        "schedule_type": "I",
        "minutes": 1,
        "repeats": -1,
        "cluster": None,
    },
}
