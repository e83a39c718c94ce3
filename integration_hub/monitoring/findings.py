"""What `doctor` looks at: each look gives findings, each finding says what to do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import Error, connection
from health_check.exceptions import HealthCheckException

from executor.delivery import life
from executor.models import Execution
from integration_hub.coordination import dbtime, heartbeat
from integration_hub.egress import policy
from integration_hub.lib import clock
from integration_hub.monitoring import health_checks
from integration_hub.sealing.keyring import CannotOpen, keyring

State = Literal["ok", "warn", "fail"]
CLOCK_WARN_SECONDS = 2.0
CLOCK_FAIL_SECONDS = 15.0
SLOW_DATABASE_MS = 50.0


@dataclass(frozen=True, slots=True)
class Finding:
    """`remedy` is empty when nothing is to be done."""

    subject: str
    state: State
    detail: str
    remedy: str = ""

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


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
    due = Execution.objects.due().count()
    yield Finding("broker", "ok", f"Tasks on the database; {due} executions are due.")


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


def keys() -> Iterator[Finding]:
    count = len(settings.FERNET_KEYS)
    try:
        ring = keyring()
        opened = ring.decrypt(ring.encrypt("doctor"))
    except CannotOpen as error:
        yield Finding("keys", "fail", f"Nothing can be sealed: {error}.", _KEYS)
        return
    if opened != "doctor":
        yield Finding("keys", "fail", "The newest key does not open what it sealed.", _KEYS)
        return
    yield Finding("keys", "ok", f"{count} in FERNET_KEYS; {ring.newest} is the newest.")


_CACHE = "Check REDIS_URL and that the server runs; limits are kept in each process until then."
_KEYS = "Put the right keys into FERNET_KEYS, newest first."


def clocks() -> Iterator[Finding]:
    skew = abs((dbtime.now() - clock.now()).total_seconds())
    state: State = "ok"
    if skew > CLOCK_WARN_SECONDS:
        state = "fail" if skew > CLOCK_FAIL_SECONDS else "warn"
    remedy = "" if state == "ok" else "Run a time service (NTP) on this host and the database's."
    yield Finding("clock", state, f"{skew:.2f} s apart from the database.", remedy)


def outbound() -> Iterator[Finding]:
    try:
        policy.rules()
    except ImproperlyConfigured as error:
        remedy = "No call can be made until the entry is mended or taken out."
        yield Finding("outbound", "fail", str(error), remedy)
        return
    allowed = ", ".join(settings.HUB_OUTBOUND_ALLOW) or "nothing beside"
    yield Finding("outbound", "ok", f"Policy {settings.HUB_OUTBOUND_POLICY}; allowed: {allowed}.")
    if settings.HUB_PRODUCTION and settings.HUB_OUTBOUND_ALLOW:
        yield Finding(
            "outbound",
            "warn",
            "HUB_OUTBOUND_ALLOW opens addresses that the policy would refuse.",
            "Keep it as narrow as the integrations need.",
        )


def limits() -> Iterator[Finding]:
    """The limits in force."""
    values = {
        "HUB_MAX_REQUEST_BYTES": settings.HUB_MAX_REQUEST_BYTES,
        "HUB_MAX_RESPONSE_BYTES": settings.HUB_MAX_RESPONSE_BYTES,
        "HUB_API_RATE": settings.HUB_API_RATE or "none",
        "HUB_EXECUTION_RETENTION_DAYS": settings.HUB_EXECUTION_RETENTION_DAYS,
        "HUB_WORKERS": settings.Q_CLUSTER["workers"],
        "HUB_WORKER_THREADS": settings.HUB_WORKER_THREADS,
    }
    for name, value in values.items():
        yield Finding("limits", "ok", f"{name} = {value}")


LOOKS: dict[str, Callable[[], Iterator[Finding]]] = {
    "settings": settings_,
    "database": database,
    "migrations": migrations,
    "broker": broker,
    "workers": workers,
    "keys": keys,
    "clock": clocks,
    "outbound": outbound,
    "limits": limits,
}


def examine() -> Iterator[Finding]:
    """Every finding; a look that fails is a finding too."""
    for subject, look in LOOKS.items():
        try:
            yield from look()
        except Error as error:
            yield Finding(
                subject,
                "fail",
                f"The database did not answer ({type(error).__name__}).",
                "Check DATABASE_URL, that the server runs, and manage.py migrate.",
            )


def _health(subject: str, check: Any, well: str, remedy: str) -> Finding:
    try:
        check.look()
    except HealthCheckException as error:
        return Finding(subject, "fail", error.message, remedy)
    return Finding(subject, "ok", well)
