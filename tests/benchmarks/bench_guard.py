# ruff: noqa: E402 - settings are named before anything of Django is read
"""What admit and settle cost in one process, against the bare round trips beneath them.

    DATABASE_URL=… REDIS_URL=… python -m tests.benchmarks.bench_guard [--seconds 2] [--rounds 3]

prints one row a case: pairs a second, CPU of this process and wall time a pair. The
floor of Redis is two bare commands on one socket, that of the database two SELECTs.
Rounds alternate between the cases and the median of each figure counts.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django
import redis

django.setup()

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from integration_hub.coordination import guard
from integration_hub.lib.errors import CircuitOpen
from integration_hub.lib.resilience.options import CircuitOptions, LimitOptions

CIRCUIT = CircuitOptions()
REFUSED = CircuitOptions(window=2, min_calls=1, cooldown_ms=600_000)
LIMITS = LimitOptions(requests=1_000_000, per_seconds=1, burst=1_000_000, max_concurrency=64)
Case = Callable[[], object]


def pair(scope: str, limits: LimitOptions, circuit: CircuitOptions = CIRCUIT) -> object:
    permit = guard.admit(
        scope=scope, circuit=circuit, limits=limits, slot_seconds=35, probe_seconds=35
    )
    return guard.settle(permit, outcome="success", duration_ms=3.0)


def refused() -> None:
    try:
        pair("bench:refused", LimitOptions(), REFUSED)
    except CircuitOpen:
        return
    guard.settle(
        guard.admit(
            scope="bench:refused",
            circuit=REFUSED,
            limits=LimitOptions(),
            slot_seconds=35,
            probe_seconds=35,
        ),
        outcome="failure",
        duration_ms=1.0,
    )


def bare_redis() -> Case:
    client = redis.Redis.from_url(settings.REDIS_URL).connection_pool.get_connection()
    client.connect()
    command = client.pack_command("ECHO", "x" * 200)

    def twice() -> None:
        for _ in range(2):
            client.send_packed_command(command)
            client.read_response()

    return twice


def bare_database() -> None:
    for _ in range(2):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()


def cases() -> dict[str, Case]:
    found: dict[str, Case] = {
        "floor": bare_redis() if settings.REDIS_URL else bare_database,
        "circuit": lambda: pair("bench:circuit", LimitOptions()),
        "circuit, rate, slot": lambda: pair("bench:limits", LIMITS),
        "refused by an open circuit": refused,
    }
    return found


def measure(case: Case, seconds: float) -> tuple[float, float, float]:
    for _ in range(50):
        case()
    done, began, cpu = 0, time.perf_counter(), time.process_time()
    while (took := time.perf_counter() - began) < seconds:
        for _ in range(20):
            case()
        done += 20
    return done / took, (time.process_time() - cpu) / done * 1e6, took / done * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    call_command("migrate", verbosity=0)
    named = cases()
    rounds = [
        {name: measure(case, given.seconds) for name, case in named.items()}
        for _ in range(given.rounds)
    ]
    store = "Redis" if settings.REDIS_URL else connection.vendor
    print(f"| {store} | pairs/s | CPU us a pair | wall us a pair |\n| --- | --- | --- | --- |")
    for name in named:
        figures = [statistics.median(found[name][i] for found in rounds) for i in range(3)]
        print(f"| {name} | {figures[0]:,.0f} | {figures[1]:.0f} | {figures[2]:.0f} |")


if __name__ == "__main__":
    main()
