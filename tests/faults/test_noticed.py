"""A cluster that is dead is seen by whoever watches, and healed; nothing leaks meanwhile."""

from __future__ import annotations

import re
import socket
import time

import pytest

from tests.faults import figures
from tests.faults.processes import kill
from tests.faults.rig import wait_for

pytestmark = [pytest.mark.faults, pytest.mark.timeout(240)]

SILENT = 15.0
_SAMPLE = re.compile(r'integration_hub_silent_seconds\{kind="worker"\} ([0-9.e+]+)')


def silent_seconds(rig) -> float:
    found = _SAMPLE.search(rig.call("GET", "/metrics")[1].decode())
    return float(found[1]) if found else 0.0


def is_noticed(rig) -> bool:
    """By readiness, or by the figure that the alert is about; a worker beats every 5 s."""
    return silent_seconds(rig) > SILENT or not rig.is_ready()


def test_a_killed_idle_worker_is_seen_within_60_s_and_healed_within_120_s(rig):
    rig.final(rig.accept("read"))
    kill(rig.idle_next_in_line())
    began = time.monotonic()
    key = rig.accept("read")
    wait_for("somebody to notice", lambda: is_noticed(rig), seconds=60)
    figures.write("F2 next-in-line worker killed: seconds until it shows", time.monotonic() - began)
    secrets = [rig.env[name] for name in ("SECRET_KEY", "FERNET_KEYS", "DATABASE_URL")]
    token, rig.token = rig.token, ""
    try:
        for path in ("readiness", "dependency", "liveness"):
            told = str(rig.call("GET", f"/health/{path}")[1])
            for hidden in (*secrets, socket.gethostname(), "Traceback", "127.0.0.1"):
                assert hidden not in told, path
        from_elsewhere = {"X-Forwarded-For": "203.0.113.9"}
        assert rig.call("GET", "/metrics", headers=from_elsewhere)[0] == 401
    finally:
        rig.token = token
    left = 120 - (time.monotonic() - began)
    assert rig.final(key, seconds=left)["status"] == "completed"
    wait_for("readiness", rig.is_ready, seconds=120 - (time.monotonic() - began))
    left = 120 - (time.monotonic() - began)
    wait_for("a beat", lambda: silent_seconds(rig) < SILENT, seconds=left)
