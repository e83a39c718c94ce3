"""The options of the database and the cache, for the settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from redis.backoff import NoBackoff
from redis.retry import Retry

from integration_hub import env

_SQLITE: dict[str, Any] = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; "
        "PRAGMA busy_timeout=20000; PRAGMA foreign_keys=ON;"
    ),
}
_POSTGRES: dict[str, Any] = {
    "connect_timeout": 3,
    # A line that falls silent is noticed within 3 s of it, whether the hub sends or waits;
    # a server that thinks for long still answers the kernel's probes.
    "tcp_user_timeout": 3000,
    "keepalives_idle": 3,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    # The plan mode and the threshold are for coordination/prepared.py, whose statements
    # go by primary key: no values make another plan better. Other cursors prepare nothing.
    "options": (
        "-c statement_timeout=30000 -c lock_timeout=5000 -c plan_cache_mode=force_generic_plan"
    ),
    "prepare_threshold": 0,
}


def database(folder: Path) -> dict[str, Any]:
    """What DATABASE_URL names, else a SQLite file in `folder`, which is made where it is needed."""
    found: dict[str, Any] = env.database(f"sqlite:///{folder}/hub.sqlite3")
    found["CONN_MAX_AGE"] = 600  # django-q2 drains 8 tasks a second without it, 430 with it
    found["CONN_HEALTH_CHECKS"] = True
    sqlite = is_sqlite(found)
    if sqlite:
        folder.mkdir(parents=True, exist_ok=True)
        found["ENGINE"] = "integration_hub.coordination.engines.sqlite3"  # for many threads
    found["OPTIONS"] = found.get("OPTIONS", {}) | (_SQLITE if sqlite else _POSTGRES)
    return found


def is_sqlite(database: dict[str, Any]) -> bool:
    return str(database["ENGINE"]).endswith("sqlite3")


def cache(redis_url: str) -> dict[str, Any]:
    """Redis where there is one, else this process's memory."""
    if not redis_url:
        return {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    return {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": redis_url,
        "KEY_PREFIX": "hub",
        "OPTIONS": {
            "socket_timeout": 0.1,
            "socket_connect_timeout": 0.1,
            "retry": Retry(NoBackoff(), 0),  # redis-py's default multiplies a hang
        },
    }
