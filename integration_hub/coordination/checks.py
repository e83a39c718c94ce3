"""System checks that refuse settings with which work would be lost, doubled or stuck.

Each was seen to do harm in django-q2 1.11 (docs/adr/0006).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as Caution
from django.utils.module_loading import import_string

LONGEST_CALL_SECONDS = 300
SETTLING_SECONDS = 30
"""What a task needs beside its longest call: to find it, and to write its end."""
_REDIS_SCHEMES = ("redis://", "rediss://", "unix://")
_FOREIGN_BROKERS = ("redis", "django_redis", "sqs", "iron_mq", "mongo")
_DATABASE_BROKER = ("django_q.brokers.orm", "ORM")

Queue = Mapping[str, Any]


def check_queue(**_: Any) -> list[CheckMessage]:
    """`Q_CLUSTER` keeps the promises of delivery."""
    queue: Queue = getattr(settings, "Q_CLUSTER", {})
    return [message for rule in _RULES for message in rule(queue)]


def check_cache(**_: Any) -> list[CheckMessage]:
    """A limit that callers share is not kept in the memory of one process out of several."""
    backend = str(settings.CACHES.get("default", {}).get("BACKEND", ""))
    if not backend.endswith("LocMemCache") or not getattr(settings, "HUB_API_RATE", ""):
        return []
    return [
        Caution(
            "HUB_API_RATE is counted in each process by itself: the cache is local memory.",
            hint="Set REDIS_URL, so that all processes share one count.",
            id="hub.W120",
        )
    ]


def check_redis_url(**_: Any) -> list[CheckMessage]:
    """REDIS_URL is one that redis-py can open; whether it answers is doctor's to ask."""
    url = str(getattr(settings, "REDIS_URL", ""))
    if not url or url.startswith(_REDIS_SCHEMES):
        return []
    return [
        Error(
            "REDIS_URL is no address of a Redis server.",
            hint="Write redis://host:6379/0, rediss:// for TLS, or unix:///path; or leave it out.",
            id="hub.E121",
        )
    ]


def _on_sqlite() -> bool:
    return str(settings.DATABASES["default"].get("ENGINE", "")).endswith("sqlite3")


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _timeout(queue: Queue) -> Iterator[CheckMessage]:
    timeout, retry = _whole(queue.get("timeout")), queue.get("retry", 60)
    if timeout is None:
        yield Error(
            f"Q_CLUSTER['timeout'] is {queue.get('timeout')!r}; it must be whole seconds.",
            hint="The cluster stops for good on a fraction, and a hung task has no end without.",
            id="hub.E106",
        )
        return
    if not isinstance(retry, int | float) or retry <= timeout:
        yield Error(
            f"Q_CLUSTER['retry'] is {retry!r}, not above 'timeout' ({timeout}).",
            hint="A task that still runs would be handed out again; keep retry a minute above.",
            id="hub.E101",
        )
    if timeout < LONGEST_CALL_SECONDS + SETTLING_SECONDS:
        yield Error(
            f"Q_CLUSTER['timeout'] is {timeout} s; a call may take {LONGEST_CALL_SECONDS} s.",
            hint=(
                "A worker would be killed in the middle of a call that is within its deadline; "
                f"set {LONGEST_CALL_SECONDS + SETTLING_SECONDS} or more."
            ),
            id="hub.E110",
        )


def _guard_cycle(queue: Queue) -> Iterator[CheckMessage]:
    if queue.get("guard_cycle", 0.5) not in (0.5, 1):
        yield Error(
            f"Q_CLUSTER['guard_cycle'] is {queue['guard_cycle']!r}; it must be 0.5 or 1.",
            hint="With any other number task time-outs are missed.",
            id="hub.E102",
        )


def _ack_failures(queue: Queue) -> Iterator[CheckMessage]:
    if queue.get("ack_failures") is not True:
        yield Error(
            "Q_CLUSTER['ack_failures'] is off.",
            hint="A failed task would be handed out for ever; retries are the executor's.",
            id="hub.E103",
        )


def _max_attempts(queue: Queue) -> Iterator[CheckMessage]:
    if queue.get("max_attempts", 0) != 1:
        yield Error(
            f"Q_CLUSTER['max_attempts'] is {queue.get('max_attempts', 0)!r}; it must be 1.",
            hint="The execution row decides about another try, not the queue.",
            id="hub.E104",
        )


def _bulk(queue: Queue) -> Iterator[CheckMessage]:
    if queue.get("bulk", 1) != 1:
        yield Error(
            f"Q_CLUSTER['bulk'] is {queue['bulk']!r}; it must be 1.",
            hint="The lease of a task begins when it is read, so one read early is run twice.",
            id="hub.E105",
        )


def _queue_limit(queue: Queue) -> Iterator[CheckMessage]:
    limit, workers = _whole(queue.get("queue_limit")), _whole(queue.get("workers"))
    if limit is None or workers is None or not 1 <= limit <= workers:
        yield Error(
            f"Q_CLUSTER['queue_limit'] is {queue.get('queue_limit')!r} for "
            f"{queue.get('workers')!r} workers; it must be set and not above them.",
            hint="A task that waits in memory is on its lease already, and may be run twice.",
            id="hub.E107",
        )


def _broker(queue: Queue) -> Iterator[CheckMessage]:
    foreign = [name for name in _FOREIGN_BROKERS if queue.get(name)]
    if (path := queue.get("broker_class")) and not _is_database_broker(path):
        foreign.append("broker_class")
    if foreign or not queue.get("orm"):
        yield Error(
            f"Q_CLUSTER does not use the database alone ({', '.join(foreign) or 'no orm'}).",
            hint="The Redis broker loses what a killed worker held; set 'orm': 'default' alone.",
            id="hub.E108",
        )


def _is_database_broker(path: str) -> bool:
    """By name, since django-q2's modules cannot be imported before the apps are loaded."""
    try:
        classes = import_string(path).__mro__
    except (ImportError, AttributeError):  # what cannot be imported cannot keep a promise
        return False
    return any((found.__module__, found.__name__) == _DATABASE_BROKER for found in classes)


def _sqlite(queue: Queue) -> Iterator[CheckMessage]:
    if _on_sqlite() and queue.get("workers") != 1:
        yield Error(
            f"Q_CLUSTER['workers'] is {queue.get('workers')!r} on SQLite; it must be 1.",
            hint=(
                "SQLite has one writer: more worker processes wait for each other. "
                "Raise HUB_WORKER_THREADS, or set DATABASE_URL to a PostgreSQL."
            ),
            id="hub.E109",
        )


def _sync(queue: Queue) -> Iterator[CheckMessage]:
    if queue.get("sync"):
        yield Error(
            "Q_CLUSTER['sync'] is on.",
            hint="Tasks would run inside the web request that enqueues them; leave it out.",
            id="hub.E111",
        )


def _scheduler(queue: Queue) -> Iterator[CheckMessage]:
    if queue.get("scheduler", True) is not True:
        yield Error(
            "Q_CLUSTER['scheduler'] is off.",
            hint="The safety net under the pacer is a schedule; leave it on.",
            id="hub.E112",
        )


def _recycling(queue: Queue) -> Iterator[CheckMessage]:
    if queue.get("max_rss"):
        yield Error(
            "Q_CLUSTER['max_rss'] is set.",
            hint="Workers use it to end after a stray signal; bound memory from outside instead.",
            id="hub.E113",
        )


_RULES: tuple[Callable[[Queue], Iterator[CheckMessage]], ...] = (
    _timeout,
    _guard_cycle,
    _ack_failures,
    _max_attempts,
    _bulk,
    _queue_limit,
    _broker,
    _sqlite,
    _sync,
    _scheduler,
    _recycling,
)
