"""System checks: settings under which work would be lost, doubled or stuck are refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

from executor.delivery.constants import SETTLE_MARGIN

LONGEST_DEADLINE = 300
BROKER = "executor.delivery.broker.HubBroker"
GUARD_CYCLES = (0.5, 1)


def check_queue(**_: Any) -> list[CheckMessage]:
    """Every unsafe member of Q_CLUSTER at once, each with its remedy."""
    return [*_times(settings.Q_CLUSTER), *_counts(settings.Q_CLUSTER), *_storage()]


def _times(queue: dict[str, Any]) -> Iterator[CheckMessage]:
    timeout, retry = queue.get("timeout"), queue.get("retry", 60)
    shortest = LONGEST_DEADLINE + SETTLE_MARGIN
    if not isinstance(timeout, int) or timeout < shortest:
        yield _error(
            f"Q_CLUSTER['timeout'] is {timeout!r}: a task would be killed in the middle of a call",
            f"Set a whole number of seconds ≥ {shortest:g}.",
            "E501",
        )
    elif retry <= timeout:
        yield _error(
            f"Q_CLUSTER['retry'] is {retry}: tasks would be delivered again while they run",
            f"Set it well above timeout ({timeout}).",
            "E502",
        )
    if queue.get("guard_cycle") not in GUARD_CYCLES:
        yield _error(
            "Q_CLUSTER['guard_cycle'] decides how soon a dead worker is noticed, and divides 30",
            "Set 0.5 or 1.",
            "E503",
        )


def _counts(queue: dict[str, Any]) -> Iterator[CheckMessage]:
    if queue.get("broker_class") != BROKER:
        yield _error(
            "Q_CLUSTER['broker_class'] is not the hub's: canaries and priorities have no queue",
            f"Set {BROKER!r}; Redis speeds up limits and circuits, not this queue.",
            "E504",
        )
    if not queue.get("ack_failures") or queue.get("max_attempts") != 1:
        yield _error(
            "Q_CLUSTER would deliver failed tasks again; retries are the hub's own",
            "Set ack_failures to True and max_attempts to 1.",
            "E505",
        )
    if queue.get("bulk") != 1 or queue.get("queue_limit", 99) > queue.get("workers", 1):
        yield _error(
            "Q_CLUSTER would hold tasks back in memory behind busy workers",
            "Set bulk to 1 and queue_limit to at most workers.",
            "E506",
        )


def _storage() -> Iterator[CheckMessage]:
    database = settings.DATABASES["default"]
    if settings.IS_SQLITE and settings.Q_CLUSTER.get("workers") != 1:
        yield _error(
            "SQLite has one writer: several worker processes only wait for each other",
            "Unset HUB_WORKERS and raise HUB_WORKER_THREADS, or use PostgreSQL.",
            "E507",
        )
    kept = database.get("CONN_MAX_AGE", 0)
    if kept is not None and kept < 60:
        yield _error(
            "Connections are not kept: the queue would do 8 tasks a second instead of 430",
            "Set CONN_MAX_AGE to 60 or more.",
            "E508",
        )
    if "pool" in database.get("OPTIONS", {}):
        yield _error(
            "psycopg's pool does not survive the forks of the task cluster",
            "Remove OPTIONS['pool'] from DATABASES['default'].",
            "E509",
        )


def _error(what: str, remedy: str, number: str) -> Error:
    return Error(f"{what}.", hint=remedy, id=f"hub.{number}")
