"""What the hub runs on: settings, database, cache, workers and their queues."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core import checks
from django.db import connection
from health_check.exceptions import HealthCheckException

from executor.delivery import life
from integration_hub.coordination import dbtime, heartbeat
from integration_hub.lib import clock
from integration_hub.monitoring import backlog, health_checks
from integration_hub.monitoring.findings.finding import Finding, State

SLOW_DATABASE_MS = 50.0
CLOCK_WARN_SECONDS = 2.0
_CACHE = "Check REDIS_URL and that the server runs; limits are kept in each process until then."


def settings_() -> Iterator[Finding]:
    """Django's system checks, with the deployment ones in production mode."""
    found = checks.run_checks(include_deployment_checks=settings.HUB_PRODUCTION)
    for message in found:
        state: State = "fail" if message.level >= checks.ERROR else "warn"
        yield Finding("settings", state, f"{message.id}: {message.msg}", message.hint or "")
    if not found:
        mode = "production" if settings.HUB_PRODUCTION else "development"
        yield Finding("settings", "ok", f"No complaint; {mode} mode.")


def database() -> Iterator[Finding]:
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    took = (time.perf_counter() - began) * 1000
    yield Finding(
        "database",
        "warn" if took > SLOW_DATABASE_MS else "ok",
        f"{connection.vendor} answers in {took:.1f} ms.",
        "Place the hub near its database." if took > SLOW_DATABASE_MS else "",
    )
    if settings.IS_SQLITE and settings.HUB_PRODUCTION:
        yield Finding(
            "database",
            "warn",
            "SQLite serves one machine and one writer.",
            "Set DATABASE_URL to a PostgreSQL database before you need a second host.",
        )


def migrations() -> Iterator[Finding]:
    remedy = "Run manage.py migrate with the release that is installed here."
    yield _health("migrations", health_checks.Migrations(), "All applied.", remedy)


def broker() -> Iterator[Finding]:
    where = "Redis (REDIS_URL)" if settings.REDIS_URL else "this process's memory"
    yield _health("cache", health_checks.Cache(), f"{where} answers.", _CACHE)
    yield Finding("broker", "ok", "Tasks on the database.")


def queues() -> Iterator[Finding]:
    """What waits in every queue, how long, and whether some worker takes from it."""
    served, now = life.served_queues(health_checks.ALIVE_WITHIN_SECONDS), dbtime.now()
    for queue in backlog.of_every_queue():
        waited = queue.waited_seconds(now)
        told = f"{queue.name}: {queue.due} due, the oldest for {waited:.0f} s."
        if queue.name not in served:
            remedy = f"Start manage.py runworker --queue {queue.name}, or one for all queues."
            yield Finding("queues", "fail", f"{told} No worker takes from it.", remedy)
        elif waited > health_checks.OLDEST_DUE_SECONDS:
            yield Finding("queues", "warn", told, "Add workers or threads for this queue.")
        else:
            yield Finding("queues", "ok", told)


def workers() -> Iterator[Finding]:
    """Who showed a sign of life lately."""
    start = "Start manage.py runworker, or manage.py runhub."
    for kind in (life.WORKER, life.PACER, life.WATCHDOG):
        alive = heartbeat.alive(kind, health_checks.ALIVE_WITHIN_SECONDS)
        hosts = len({beat.host for beat in alive})
        if alive:
            yield Finding("workers", "ok", f"{len(alive)} {kind} on {hosts} hosts.")
        else:
            yield Finding("workers", "fail", f"No {kind} runs.", start)


def clocks() -> Iterator[Finding]:
    skew = abs((dbtime.now() - clock.now() + clock.ahead()).total_seconds())
    state: State = "ok"
    if skew > CLOCK_WARN_SECONDS:
        state = "fail" if skew > health_checks.CLOCK_FAIL_SECONDS else "warn"
    remedy = "" if state == "ok" else "Run a time service (NTP) on this host and the database's."
    yield Finding("clock", state, f"{skew:.2f} s apart from the database.", remedy)


def _health(subject: str, check: Any, well: str, remedy: str) -> Finding:
    try:
        check.look()
    except HealthCheckException as error:
        return Finding(subject, "fail", error.message, remedy)
    return Finding(subject, "ok", well)
