"""What the home page costs the database: as many statements for much as for little, by indexes."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from credentials.models import Credential
from executor.choices import ExecutionStatus
from executor.health.models import HealthRollup, HealthStatus
from executor.health.tally import Grain, start_of
from executor.insight import activity
from integration_hub.coordination import holds, operated
from integration_hub.coordination.models import HoldKind
from integration_hub.events.models import EventSink
from integration_hub.lib import clock
from tests.monitoring.home_rows import calls, instance

pytestmark = pytest.mark.django_db
FRAGMENT = "/admin/home/"
MOST = 40
MANY, LARGE = 150_000, 50_000
CONTROL = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")
WINDOWS = ("1h", "24h", "7d")

# Calls of 20 days, most of them completed, a tenth of them of the last hour.
FILL = """
INSERT INTO executor_execution (id, status, mode, priority, instance_id, instance_slug,
  definition_id, definition_ref, method, caller, caller_name, correlation_id, request_id, metadata,
  callback_url, timeout_ms, max_wait_ms, lease_owner, fence, sent, suspect, deaths,
  cancel_requested, attempts, code, error, created_at, duration_ms, due_at)
SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7'
    || lpad(to_hex(n % 4096), 3, '0') || '8' || substr(md5(n::text), 1, 15))::uuid,
  s, 'sync', 'interactive', md5('i' || n % 50)::uuid, 'instance-' || n % 50,
  md5('d')::uuid, 'bench@1.0.0', 'm' || n % 20, 'tests', '', '', '', '{{}}', '', 30000, 0, '', 0,
  false, false, 0, false, 1, CASE s WHEN 'failed' THEN 'TIMEOUT_ERROR' ELSE '' END, '', at,
  CASE WHEN n % 200 = 0 THEN 2000 ELSE 20 END, CASE s WHEN 'queued' THEN at END
FROM (SELECT n, now() - CASE WHEN n % 10 = 0 THEN n * interval '24 milliseconds'
      ELSE n * interval '11 seconds' END AS at,
    CASE WHEN n % 100 < 3 THEN 'failed' WHEN n % 1000 = 7 THEN 'outcome_unknown'
      WHEN n % 5000 = 11 THEN 'queued' ELSE 'completed' END AS s
  FROM generate_series(1, {count}) AS n) AS rows
"""


def statements(client, window: str = "24h") -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(FRAGMENT, {"within": window}).status_code == 200
    found = [query["sql"] for query in captured.captured_queries]
    return [sql for sql in found if not sql.upper().startswith(CONTROL)]


def populate(first: int, last: int) -> None:
    """Instances with everything that a card can tell of, and 40 calls of each."""
    now = clock.now()
    for number in range(first, last):
        row = instance(f"i{number}", health="unhealthy", health_reason="refused")
        HealthStatus.objects.create(instance=row, certificate_ends_at=now)
        HealthRollup.objects.create(
            instance=row, grain=Grain.HOUR, at=start_of(Grain.HOUR, now), calls=9
        )
        Credential.objects.create(instance=row, auth_id="a", type="bearer", expires_at=now)
        operated.force(f"{row.pk}:ping", "forced_open")
        holds.hold(str(row.pk), 600, kind=HoldKind.REFUSED)
        EventSink.objects.create(name=f"s{number}", type="log", failing_since=now)
        calls(30, row.slug, duration_ms=2_000)
        calls(9, row.slug, status=ExecutionStatus.FAILED)
        calls(1, row.slug, status=ExecutionStatus.QUEUED, due_at=now - timedelta(minutes=5))


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("looked_at", [activity.LOOKED_AT, 10], ids=["all read", "too many"])
def test_the_number_of_statements_does_not_grow(client, alice, monkeypatch, window, looked_at):
    monkeypatch.setattr(activity, "LOOKED_AT", looked_at)
    client.force_login(alice)
    populate(0, 1)
    few = statements(client, window)
    populate(1, 25)
    many = statements(client, window)
    assert len(few) == len(many) <= MOST


def plan_of(sql: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {sql}")
        return "\n".join(line for (line,) in cursor.fetchall())


def large_tables() -> set[str]:
    """The partitions of the log that are worth an index: a small one is read as a whole."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relname LIKE 'executor\\_execution%%'"
            " AND relkind = 'r' AND reltuples >= %s",
            [LARGE],
        )
        return {name for (name,) in cursor.fetchall()}


@pytest.mark.postgres
def test_no_statement_reads_the_log_from_end_to_end(client, alice, monkeypatch):
    with connection.cursor() as cursor:
        cursor.execute(FILL.format(count=MANY))
        cursor.execute("ANALYZE executor_execution")
    tables = large_tables()
    assert tables
    client.force_login(alice)
    for looked_at, window in product((activity.LOOKED_AT, 500), WINDOWS):
        monkeypatch.setattr(activity, "LOOKED_AT", looked_at)
        asked = [sql for sql in statements(client, window) if '"executor_execution"' in sql]
        assert len(asked) >= 4
        for sql in asked:
            plan = plan_of(sql)
            assert not [name for name in tables if f"Seq Scan on {name}" in plan], f"{sql}\n{plan}"
