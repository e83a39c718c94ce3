# ruff: noqa: E402 - settings are named before anything of Django is read
"""How many instances one worker host keeps checked, and how late their checks are.

    DATABASE_URL=… REDIS_URL=… python -m tests.benchmarks.bench_health
        [--instances 1000] [--interval 60] [--seconds 90] [--workers 2] [--hanging 0]

A worker host (`runworker --queue health`) checks instances of one system, due times
spread over the interval as they are in service. The database is one to throw away. A
share of the instances may point at an address that never answers.
"""

from __future__ import annotations

import argparse
import os
import random
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "integration_hub.settings")

import django

django.setup()

from django.core.management import call_command
from django.db.models import Min

from executor.health import checks
from executor.health.models import HealthCheckResult
from integration_hub.coordination import dbtime
from integration_hub.lib import jsonsafe
from registry import services
from registry.choices import Health, InstanceState
from registry.models import Definition, Instance
from tests.faults.processes import descendants

WARM_SECONDS = 10


def definition(interval: int) -> Definition:
    document = {
        "slug": "bench-health",
        "name": "Checked",
        "version": "1.0.0",
        "type": "http",
        "config_schema": {
            "type": "object",
            "required": ["base_url"],
            "properties": {"base_url": {"type": "string", "format": "uri"}},
        },
        "health_check": {"method": "ping", "interval_seconds": interval},
        "methods": {"ping": {"http": {"method": "GET", "path": "/status"}}},
    }
    return services.create_definition(document=document, actor="bench", publish=True)


def fill(count: int, interval: int, urls: list[str]) -> None:
    made, now = definition(interval), dbtime.now()
    Instance.objects.bulk_create(
        Instance(
            slug=f"bench-{number}",
            name=f"Bench {number}",
            definition=made,
            config=jsonsafe.dumps_text({"base_url": urls[number % len(urls)]}),
            state=InstanceState.CONNECTED,
            health=Health.HEALTHY,
            consecutive_successes=2,
            check_due_at=now + timedelta(seconds=WARM_SECONDS + interval * random.random()),
        )
        for number in range(count)
    )


@contextmanager
def process(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen([sys.executable, *arguments], start_new_session=True)
    try:
        yield child
    finally:
        child.terminate()
        child.wait(60)


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and of all below it, ended ones included."""
    total = 0
    for one in (pid, *descendants(pid)):
        with suppress(OSError):
            fields = Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
            total += sum(int(field) for field in fields[11:15])
    return total / os.sysconf("SC_CLK_TCK")


def lateness() -> float:
    """Seconds that the check which is due longest has waited, begun ones left out."""
    oldest = checks.due().aggregate(at=Min("check_due_at"))["at"]
    return max(0.0, (dbtime.now() - oldest).total_seconds()) if oldest else 0.0


def watch(child: subprocess.Popen[bytes], seconds: float) -> dict[str, Any]:
    before = HealthCheckResult.objects.count()
    began, cpu, late = time.monotonic(), cpu_seconds(child.pid), []
    while time.monotonic() - began < seconds:
        time.sleep(1)
        late.append(lateness())
    took = time.monotonic() - began
    made = HealthCheckResult.objects.count() - before
    half = len(late) // 2
    return {
        "checks a minute": made / took * 60,
        "CPU of the host's processes": (cpu_seconds(child.pid) - cpu) / took,
        "CPU ms a check": (cpu_seconds(child.pid) - cpu) / max(made, 1) * 1000,
        "latest, median s": statistics.median(late),
        "latest, longest s": max(late),
        "longest s, first half": max(late[:half]),
        "longest s, second half": max(late[half:]),
    }


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--instances", type=int, default=1000)
    parser.add_argument("--interval", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=90)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--hanging", type=int, default=0, help="percent that never answer")
    asked = parser.parse_args()
    call_command("migrate", verbosity=0)
    if Definition.objects.exists():
        parser.error("This database is in use: name an empty one in DATABASE_URL.")
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(4096)
        port = free_port()
        urls = [f"http://127.0.0.1:{port}"] * (100 - asked.hanging)
        urls += [f"http://127.0.0.1:{deaf.getsockname()[1]}"] * asked.hanging
        random.shuffle(urls)
        fill(asked.instances, asked.interval, urls)
        worker = ("manage.py", "runworker", "--workers", str(asked.workers), "--queue", "health")
        with process("-m", "tests.benchmarks.upstream", str(port)), process(*worker) as child:
            time.sleep(WARM_SECONDS)
            for name, value in watch(child, asked.seconds).items():
                print(f"| {name} | {value:.2f} |")


if __name__ == "__main__":
    main()
