"""Which versions work together here."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from django.conf import settings
from django.db import connection

from integration_hub.monitoring.findings.finding import Finding

_SHOWN = ("Django", "django-q2", "djangorestframework", "psycopg", "redis")


def versions() -> Iterator[Finding]:
    """Of the hub, of Python, of what it stands on, and of the database."""
    release = settings.HUB_RELEASE or _of("integration-hub") or "from source"
    yield Finding("versions", "ok", f"Integration Hub {release}.")
    yield Finding("versions", "ok", f"Python {platform.python_version()}, {_listed()}.")
    yield Finding("versions", "ok", f"{connection.vendor} {_database()}.")


def _listed() -> str:
    return ", ".join(f"{name} {found}" for name in _SHOWN if (found := _of(name)))


def _of(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _database() -> str:
    ask = {"postgresql": "SHOW server_version", "sqlite": "SELECT sqlite_version()"}
    with connection.cursor() as cursor:
        cursor.execute(ask[connection.vendor])
        return str(cursor.fetchone()[0])
