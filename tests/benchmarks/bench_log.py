"""The execution log at size: lists, one row, the admin, and a purge while calls run.

    DATABASE_URL=postgres://… python -m tests.benchmarks.bench_log [--rows 1000000] [--keep]

Makes a PostgreSQL database of its own on that server, fills it with generated
rows of 28 days and more, measures through the API and the admin in one process,
and drops it again. Bodies and attempts are made for the oldest million (which the
purge takes) and the newest thousand. Prints Markdown for docs/performance.md.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

ROUNDS = 15
OLD = 1_000_000
KEYS = 200_000
CHUNK = 250_000
LIMIT_MS = 100.0

# A UUIDv7 of moment m (milliseconds) and number n.
KEY = (
    "(lpad(to_hex({m}::bigint), 12, '0') || '7' || lpad(to_hex((n % 4096)::int), 3, '0') || '8' || "
    "substr(md5(n::text), 1, 15))::uuid"
)
FILL = """
INSERT INTO executor_execution (id, status, mode, priority, instance_id, instance_slug,
  definition_id, definition_ref, method, caller, caller_name, correlation_id, request_id, metadata,
  callback_url, timeout_ms, max_wait_ms, lease_owner, fence, sent, suspect, deaths,
  cancel_requested, attempts, code, error, created_at, started_at, finished_at, duration_ms)
SELECT {key}, s, 'sync', 'interactive',
  md5('instance' || i)::uuid, i, md5('definition')::uuid, 'bench@1.0.0', m,
  'token:' || md5(c)::uuid, c, CASE WHEN n % 3 = 0 THEN 'order-' || n ELSE '' END, '', '{{}}', '',
  30000, 0, '', 0, false, false, 0, false, 1,
  CASE s WHEN 'completed' THEN '' WHEN 'failed' THEN 'INTEGRATION_ERROR'
    WHEN 'outcome_unknown' THEN 'TIMEOUT_ERROR' ELSE 'RATE_LIMIT_EXCEEDED' END,
  CASE s WHEN 'completed' THEN '' ELSE '{{"code": "X", "status": 502, "detail": "generated"}}' END,
  to_timestamp(ms / 1000.0), to_timestamp(ms / 1000.0), to_timestamp(ms / 1000.0),
  CASE WHEN n % 500 = 0 THEN 1000 + n % 60000 ELSE 5 + n % 300 END
FROM (SELECT n, {start}::bigint + (n * {step})::bigint AS ms,
    CASE WHEN n % 50021 = 0 THEN 'outcome_unknown' WHEN n % 100 < 3 THEN 'failed'
      WHEN n % 100 = 3 THEN 'rejected' ELSE 'completed' END AS s,
    CASE WHEN n % 50021 = 0 THEN 'rare' ELSE 'instance-' || n % 50 END AS i,
    CASE WHEN n % 50023 = 0 THEN 'rare_method' ELSE 'method_' || n % 20 END AS m,
    CASE WHEN n % 50033 = 0 THEN 'rare caller' ELSE 'caller ' || n % 20 END AS c
  FROM generate_series({low}, {high}) AS n) AS rows
"""
BODIES = """
INSERT INTO executor_payload (id, parameters, data, exchanges, sealed_key, notes)
SELECT id, '{{"list_id": "7"}}', '{{"id": "9"}}', '[]', '', '' FROM executor_execution {where}
"""
TRIES = """
INSERT INTO executor_attempt (id, execution_id, number, started_at, duration_ms, status_code, code,
  timings)
SELECT id, id, 1, created_at, duration_ms, 200, '', '{{}}' FROM executor_execution {where}
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--name", default="hub_bench_log", help="the database that is made")
    parser.add_argument("--keep", action="store_true", help="leave the database behind")
    parser.add_argument("--filled", action="store_true", help="it is there and filled already")
    options = parser.parse_args()
    server = os.environ.get("DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")
    url = server.rpartition("/")[0] + f"/{options.name}"
    if not options.filled:
        _recreate(server, options.name)
    _start_django(url)
    try:
        if not options.filled:
            fill(url, options.rows)
        report(options.rows)
    finally:
        if not options.keep:
            _close_all()
            _drop(server, options.name)
    return 0


# --- the database -------------------------------------------------------------
def _link(url: str) -> psycopg.Connection[Any]:
    return psycopg.connect(url.replace("postgres://", "postgresql://", 1), autocommit=True)


def _drop(server: str, name: str) -> None:
    with _link(server) as link:
        link.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _recreate(server: str, name: str) -> None:
    _drop(server, name)
    with _link(server) as link:
        link.execute(f'CREATE DATABASE "{name}"')


def _start_django(url: str) -> None:
    os.environ["DATABASE_URL"] = url
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django  # noqa: PLC0415 - the address is known only now
    from django.core.management import call_command  # noqa: PLC0415

    django.setup()
    call_command("migrate", verbosity=0)


def _close_all() -> None:
    from django.db import connections  # noqa: PLC0415

    connections.close_all()


def fill(url: str, rows: int) -> None:
    """Generated executions, evenly over the last 61 days up to now."""
    from integration_hub.coordination.partitions import ensure_partitions, month_start  # noqa: PLC0415
    from integration_hub.lib import clock  # noqa: PLC0415

    now = clock.now()
    for table in ("executor_execution", "executor_attempt", "executor_payload"):
        ensure_partitions(table, now=month_start(now, -3), ahead=3)
    start = int(now.timestamp() * 1000) - 61 * 86_400_000
    step = 61 * 86_400_000 / rows
    began = time.monotonic()
    with _link(url) as link:
        link.execute("SET synchronous_commit = off")
        for low in range(0, rows, CHUNK):
            high = min(low + CHUNK, rows) - 1
            link.execute(
                FILL.format(key=KEY.format(m="ms"), start=start, step=step, low=low, high=high)
            )
            print(f"{high + 1:,} rows, {time.monotonic() - began:.0f} s", file=sys.stderr)
        oldest = start + int(min(OLD, rows // 2) * step)
        newest = start + int((rows - 1_000) * step)
        for where in (f"WHERE id < '{_floor(oldest)}'", f"WHERE id >= '{_floor(newest)}'"):
            link.execute(BODIES.format(where=where))
            link.execute(TRIES.format(where=where))
        link.execute("VACUUM ANALYZE executor_execution")
        link.execute("VACUUM ANALYZE executor_attempt")
        link.execute("VACUUM ANALYZE executor_payload")


def _floor(milliseconds: int) -> str:
    from uuid import UUID  # noqa: PLC0415

    return str(UUID(int=milliseconds << 80))


# --- what is measured -----------------------------------------------------------
def report(rows: int) -> None:
    print(f"### {rows:,} executions on PostgreSQL, one process, median and slowest of {ROUNDS}\n")
    print("| asked | rows | median ms | slowest ms |\n| --- | --- | --- | --- |")
    for name, ask in cases():
        spent, found = _timed(ask)
        mark = "" if max(spent) < LIMIT_MS else " **over**"
        print(
            f"| {name} | {found} | {statistics.median(spent):.1f} | {max(spent):.1f}{mark} |",
            flush=True,
        )
    print()
    purge_under_load(os.environ["DATABASE_URL"])


def _timed(ask: Callable[[], int]) -> tuple[list[float], int]:
    found = ask()
    spent = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        ask()
        spent.append((time.perf_counter() - began) * 1000)
    return spent, found


def cases() -> Iterator[tuple[str, Callable[[], int]]]:
    client, admin = _clients()
    newest = client.get("/api/v1/executions").json()["results"]
    middle = client.get("/api/v1/executions?created_before=" + _days_ago(20)).json()["results"]
    tail = middle[0]["correlation_id"] or middle[1]["correlation_id"] or middle[2]["correlation_id"]
    for name, query in {
        "first page": "",
        "page of 200": "page_size=200",
        "a page in the middle": f"cursor=b{middle[-1]['id'].replace('-', '')}",
        "oldest first": "ordering=created_at",
        "instance": "instance=instance-7",
        "instance that is rare": "instance=rare",
        "instance that is none": "instance=nobody",
        "method": "method=method_3",
        "method that is rare": "method=rare_method",
        "instance and method": "instance=instance-7&method=method_7",
        "instance and method that never meet": "instance=rare&method=rare_method",
        "status completed": "status=completed",
        "status failed": "status=failed",
        "status outcome_unknown": "status=outcome_unknown",
        "status queued, of which there is none": "status=queued",
        "code": "code=TIMEOUT_ERROR",
        "correlation id": f"correlation_id={tail}",
        "caller": f"caller={newest[0]['caller_id']}",
        "caller that is rare": f"caller={newest[0]['caller_id'][:-1]}",
        "slower than 50 ms": "min_duration_ms=50",
        "slower than 59 s": "min_duration_ms=59000",
        "one hour, 20 days ago": f"created_after={_days_ago(20.05)}&created_before={_days_ago(20)}",
        "failed in one hour, 20 days ago": "status=failed"
        f"&created_after={_days_ago(20.05)}&created_before={_days_ago(20)}",
        "instance, failed": "instance=instance-3&status=failed",
        "search for a correlation id": f"search={tail}",
        "search for nothing": "search=nobody",
    }.items():
        yield name, _list(client, query)
    yield "one execution with its bodies", _one(client, newest[5]["id"])
    for name, query in {
        "admin: first page": "",
        "admin: page 100": "p=100",
        "admin: failed": "status__exact=failed",
        "admin: search for an instance": "q=rare",
    }.items():
        yield name, _admin(admin, query)
    for window in ("1h", "24h", "7d"):
        yield f"admin: home, {window}", _home(admin, window)


def _days_ago(days: float) -> str:
    from datetime import timedelta  # noqa: PLC0415

    from integration_hub.lib import clock  # noqa: PLC0415

    return clock.rfc3339(clock.now() - timedelta(days=days))


def _clients() -> tuple[Any, Any]:
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415
    from rest_framework.test import APIClient  # noqa: PLC0415

    from integration_hub.access import services  # noqa: PLC0415

    _, raw = services.create_token(name="bench", scopes=["read"], actor="bench")
    admin = Client(HTTP_HOST="localhost")
    user, _ = User.objects.get_or_create(username="bench", is_superuser=True, is_staff=True)
    admin.force_login(user)
    return APIClient(HTTP_HOST="localhost", HTTP_AUTHORIZATION=f"Bearer {raw}"), admin


def _list(client: Any, query: str) -> Callable[[], int]:
    def ask() -> int:
        answer = client.get(f"/api/v1/executions?{query}")
        assert answer.status_code == 200, answer.content
        return len(answer.json()["results"])

    return ask


def _one(client: Any, key: str) -> Callable[[], int]:
    def ask() -> int:
        assert client.get(f"/api/v1/executions/{key}").status_code == 200
        return 1

    return ask


def _admin(client: Any, query: str) -> Callable[[], int]:
    def ask() -> int:
        answer = client.get(f"/admin/executor/execution/?{query}")
        assert answer.status_code == 200, answer.status_code
        return answer.content.count(b"field-created_at")

    return ask


def _home(client: Any, window: str) -> Callable[[], int]:
    def ask() -> int:
        answer = client.get(f"/admin/home/?within={window}")
        assert answer.status_code == 200, answer.status_code
        return answer.content.count(b"home-card")

    return ask


# --- purge -----------------------------------------------------------------------
FILL_KEYS = """
INSERT INTO executor_idempotencyrecord (id, owner, instance_id, method, key_digest, body_digest,
  execution_id, body, body_key, created_at)
SELECT gen_random_uuid(), 'bench', gen_random_uuid(), 'm', md5(n::text), '', gen_random_uuid(), '',
  '', now() - interval '2 days' + n * interval '100 ms' FROM generate_series(1, {keys}) AS n
"""
PACER = """
import time, django
django.setup()
from executor.delivery.purge import Purge
purge, left = Purge(), True
while left:
    began = time.monotonic()
    left = purge.slice()
    time.sleep(max(0.0, 1.0 - (time.monotonic() - began)))
"""


def purge_under_load(url: str) -> None:
    """Calls without a purge, then the same while a process of its own purges as the pacer does."""
    from executor.models import Execution, IdempotencyRecord  # noqa: PLC0415
    from integration_hub.coordination import dbtime  # noqa: PLC0415

    with _link(url) as link:
        link.execute(FILL_KEYS.format(keys=KEYS))
        link.execute("VACUUM ANALYZE executor_idempotencyrecord")
    with _calls() as before:
        time.sleep(30)
    oldest = Execution.objects.order_by("id")[min(OLD, Execution.objects.count() // 2)]
    days = max(1, int((dbtime.now() - oldest.created_at).total_seconds() // 86_400))
    rows, keys = Execution.objects.count(), IdempotencyRecord.objects.count()
    began = time.monotonic()
    with _calls() as during:
        environment = {**os.environ, "HUB_EXECUTION_RETENTION_DAYS": str(days)}
        subprocess.run([sys.executable, "-c", PACER], env=environment, check=True)
    spent = time.monotonic() - began
    gone = rows - (Execution.objects.count() - len(during))
    print("| calls | n | p50 ms | p99 ms | slowest ms |\n| --- | --- | --- | --- | --- |")
    for name, found in (("before", before), ("during the purge", during)):
        ranked = sorted(found)
        p50, p99 = ranked[len(ranked) // 2], ranked[int(len(ranked) * 0.99)]
        print(f"| {name} | {len(ranked)} | {p50:.1f} | {p99:.1f} | {ranked[-1]:.1f} |")
    keys -= IdempotencyRecord.objects.count()
    print(f"\nPurged {gone:,} executions and {keys:,} idempotency keys in {spent:.0f} s.")


@contextmanager
def _calls() -> Iterator[list[float]]:
    """Sync calls one after the other in a thread of its own; what each took."""
    spent: list[float] = []
    done = threading.Event()
    thread = threading.Thread(target=_call_until, args=(done, spent))
    thread.start()
    try:
        yield spent
    finally:
        done.set()
        thread.join()


def _call_until(done: threading.Event, spent: list[float]) -> None:
    from django.db import connection  # noqa: PLC0415

    from executor import services  # noqa: PLC0415
    from integration_hub.access.caller import Caller  # noqa: PLC0415
    from registry import services as registry  # noqa: PLC0415
    from registry.models import Instance  # noqa: PLC0415
    from tests.upstream import Upstream  # noqa: PLC0415

    upstream, caller = Upstream().start(), Caller.command("bench")
    document = {
        "slug": "bench-log",
        "name": "Bench",
        "version": "1.0.0",
        "type": "http",
        "auth": [{"id": "none", "type": "none"}],
        "methods": {"ping": {"http": {"method": "GET", "path": "/ok"}}},
    }
    slug = f"bench-{upstream.port}"
    if not Instance.objects.filter(definition__slug="bench-log").exists():
        registry.create_definition(document=document, actor="bench", publish=True)
    registry.create_instance(
        definition="bench-log@1.0.0", slug=slug, actor="bench", config={"base_url": upstream.url}
    )
    while not done.is_set():
        began = time.perf_counter()
        services.execute(caller=caller, instance_ref=slug, method="ping", parameters={})
        spent.append((time.perf_counter() - began) * 1000)
    connection.close()
    upstream.stop()


if __name__ == "__main__":
    sys.exit(main())
