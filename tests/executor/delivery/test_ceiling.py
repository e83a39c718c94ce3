"""A bound on the log's size: the oldest bodies go, then the oldest executions (promise 74)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from executor.choices import ExecutionStatus
from executor.delivery import ceiling, purge
from executor.models import Execution, Payload
from integration_hub.coordination import dbtime
from integration_hub.lib import ids
from integration_hub.monitoring.findings import room

pytestmark = pytest.mark.django_db(transaction=True)
BODY = "x" * 20_000
DAYS = 20


@pytest.fixture
def log(queued):
    """One call a day with a body of 20 kB, the oldest first, and one of this minute."""

    def make(status: str = ExecutionStatus.COMPLETED) -> list[Execution]:
        made = []
        for days in (*range(DAYS, 0, -1), 0):
            moment = dbtime.now() - timedelta(days=days)
            key = type(ids.new_id())(int=ids.floor_id(moment).int | days)
            made.append(queued(id=key, status=status, created_at=moment))
        Payload.objects.update(data=BODY)
        settle_statistics()
        return made

    return make


def settle_statistics() -> None:
    if connection.vendor == "postgresql":
        # Rows that compress to nothing would weigh nothing; what is stored as it came does not.
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE executor_payload SET data = (SELECT string_agg(md5(i::text), '')"
                " FROM generate_series(1, 600) AS i)"
            )
            for model in (Execution, Payload):
                cursor.execute(f"ANALYZE {model._meta.db_table}")


def bodies_left() -> int:
    return Payload.objects.count()


def test_without_a_bound_nothing_goes_before_its_time(log):
    rows = log()
    purge.purge(now=dbtime.now())
    assert bodies_left() == len(rows)


def test_over_the_bound_the_oldest_bodies_go_and_their_executions_stay(log, settings):
    rows = log()
    spare = 5 * ceiling._row_bytes(Payload)
    settings.HUB_EXECUTION_MAX_GB = (ceiling.kept_bytes() - spare) / ceiling.DOWN_TO / ceiling.GIB
    settings.HUB_EXECUTION_MAX_GB *= 0.95
    gone = purge.purge(now=dbtime.now())
    assert 5 <= gone["over size"] < len(rows)
    assert Execution.objects.count() == len(rows)
    left = set(Payload.objects.values_list("pk", flat=True))
    assert left == {row.pk for row in rows[gone["over size"] :]}


def test_where_bodies_are_not_enough_executions_go_but_none_of_this_hour(log, settings):
    newest = log()[-1]
    settings.HUB_EXECUTION_MAX_GB = 1 / ceiling.GIB
    purge.purge(now=dbtime.now())
    assert (Execution.objects.count(), bodies_left()) == (DAYS + 1, 1)
    purge.purge(now=dbtime.now())
    assert list(Execution.objects.values_list("pk", flat=True)) == [newest.pk]
    assert bodies_left() == 1


def test_what_has_not_ended_stays_whatever_it_takes(log, settings):
    rows = log(ExecutionStatus.QUEUED)
    settings.HUB_EXECUTION_MAX_GB = 1 / ceiling.GIB
    purge.purge(now=dbtime.now())
    assert (Execution.objects.count(), bodies_left()) == (len(rows), len(rows))


def test_doctor_says_that_the_log_is_over_its_bound(log, settings):
    log()
    assert [finding.state for finding in room.size()] == ["ok"]
    settings.HUB_EXECUTION_MAX_GB = 1 / ceiling.GIB
    (found,) = room.size()
    assert found.state == "warn"
    assert "HUB_EXECUTION_MAX_GB" in found.remedy
