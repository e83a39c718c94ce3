# ruff: noqa: E402 - settings are named before anything of Django is read
"""What a refused call costs in the service, beside a good one: the whole request, in one process.

    DATABASE_URL=… REDIS_URL=… python -m tests.benchmarks.bench_refusal [--calls 500] [--rounds 3]

The database is one to throw away. Requests go through every middleware, without a
web server; good calls reach an upstream process of 0 ms. The cases take turns; the
rows of refusals are written behind and what was loaded is frozen, as in a web
process. On a busy machine a call waits for its turn on a CPU: on Linux the second
pair of columns is without what this thread, a local Redis and its database session
waited for theirs.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from uuid import uuid4

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django
import redis

django.setup()

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from rest_framework.test import APIClient

from executor.models import Execution
from integration_hub.access import services as access
from integration_hub.coordination import behind
from registry import services as registry
from tests.services import free_port

GET = {"http": {"method": "GET", "path": "/"}}
METHODS = {
    "good": GET,
    "open": GET,
    "rate": GET | {"rate_limit": {"requests": 1, "per_seconds": 3600, "burst": 1}},
}
STATUS = {"good": 200, "open": 503, "rate": 429}
CASES = ("good", "open", "rate", "good with a key", "open with a key", "rate with a key")
Times = tuple[float, float]
"""Milliseconds of one call: as the clock says, and without waiting for a CPU."""


def set_up(upstream: str) -> APIClient:
    slug = f"refusal-{os.getpid()}"
    document = {
        "slug": slug,
        "name": slug,
        "version": "1.0.0",
        "type": "http",
        "config_schema": {"type": "object", "properties": {"base_url": {"type": "string"}}},
        "methods": METHODS,
    }
    registry.create_definition(document=document, actor="bench", publish=True)
    registry.create_instance(
        definition=f"{slug}@1.0.0", slug=slug, actor="bench", config={"base_url": upstream}
    )
    scopes = ("manage", "execute")
    _, raw = access.create_token(name=slug, scopes=scopes, actor="bench")
    client = APIClient(HTTP_AUTHORIZATION=f"Bearer {raw}", SERVER_NAME="localhost")
    body = {"scope": "open", "state": "forced_open"}
    client.post(f"/api/v1/instances/{slug}/circuits", body, format="json")
    for _ in range(5):
        for case in CASES:
            call(client, case)
    return client


def call(client: APIClient, case: str) -> Times:
    name, _, keyed = case.partition(" ")
    path = f"/api/v1/instances/refusal-{os.getpid()}/methods/{name}/execute"
    headers = {"HTTP_IDEMPOTENCY_KEY": uuid4().hex} if keyed else {}
    waited, begun = waited_ms(), time.perf_counter()
    answer = client.post(path, '{"parameters":{}}', content_type="application/json", **headers)
    took = (time.perf_counter() - begun) * 1000
    if answer.status_code != STATUS[name]:
        STRAY.append(f"{name}: {answer.status_code}")
    return took, max(0.0, took - (waited_ms() - waited))


STRAY: list[str] = []
SCHEDULED: list[Path] = []


def watch_cpu() -> None:
    """Name where Linux says how long a runnable thread was not run."""
    runs = [f"self/task/{threading.get_native_id()}"]
    if settings.REDIS_URL:
        runs.append(redis.Redis.from_url(settings.REDIS_URL).info("server")["process_id"])
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            runs.append(cursor.fetchone()[0])
    paths = (Path(f"/proc/{run}/schedstat") for run in runs)
    SCHEDULED.extend(path for path in paths if path.exists())


def waited_ms() -> float:
    return sum(int(path.read_text().split()[1]) for path in SCHEDULED) / 1e6


def measure(client: APIClient, calls: int) -> dict[str, tuple[float, ...]]:
    """For each case p50 and p99 as the clock says, and both without waiting for a CPU."""
    found: dict[str, list[Times]] = {case: [] for case in CASES}
    for _ in range(calls):
        for case, times in found.items():
            times.append(call(client, case))
    return {
        case: tuple(
            sorted(time[kind] for time in times)[int(share * len(times))]
            for kind in (0, 1)
            for share in (0.5, 0.99)
        )
        for case, times in found.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    call_command("migrate", verbosity=0)
    port = free_port()
    upstream = subprocess.Popen([sys.executable, "-m", "tests.benchmarks.upstream", str(port)])
    try:
        time.sleep(0.5)
        client = set_up(f"http://127.0.0.1:{port}")
        STRAY.clear()
        before = Execution.objects.count()
        behind.allow()
        watch_cpu()
        gc.collect()
        gc.freeze()
        rounds = [measure(client, given.calls) for _ in range(given.rounds)]
        behind.flush()
        with closing(connection):
            written = Execution.objects.count() - before
    finally:
        upstream.kill()
        upstream.wait()
    made = given.rounds * given.calls * len(CASES)
    print(f"{connection.vendor}, Redis: {bool(settings.REDIS_URL)}; {made} calls, {written} rows")
    print(f"other answers than meant: {STRAY[:3] or 'none'}")
    print(f"load average {os.getloadavg()[0]:.1f}")
    print("| call | p50 / p99 ms | without waiting for a CPU | p50 ÷ good |")
    print("| --- | --- | --- | --- |")
    good = statistics.median(found["good"][0] for found in rounds)
    for case in CASES:
        seen = [statistics.median(found[case][i] for found in rounds) for i in range(4)]
        print(
            f"| {case} | {seen[0]:.2f} / {seen[1]:.2f} | {seen[2]:.2f} / {seen[3]:.2f} "
            f"| {seen[0] / good:.2f} |"
        )


if __name__ == "__main__":
    main()
