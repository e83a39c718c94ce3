"""How long executions and their bodies are kept (promise 74)."""

from __future__ import annotations

import json
from datetime import timedelta

import psycopg
import pytest
from django.conf import settings as django_settings
from django.db import connection

from executor.choices import ExecutionStatus
from executor.delivery import purge
from executor.models import Attempt, Execution, Payload, Resolution
from integration_hub.coordination import dbtime
from integration_hub.coordination.partitions import ensure_partitions, month_start
from integration_hub.lib import ids
from registry.models import Instance

pytestmark = pytest.mark.django_db
TABLES = ("executor_execution", "executor_attempt", "executor_payload")


@pytest.fixture
def aged(queued):
    """`aged(40)`: a completed execution of 40 days ago with its body and an attempt."""

    def make(days: float, status: str = ExecutionStatus.COMPLETED, **columns) -> Execution:
        moment = dbtime.now() - timedelta(days=days)
        key = id_at(moment)
        row = queued(id=key, status=status, created_at=moment, **columns)
        Attempt.objects.create(
            id=id_at(moment), execution=row, number=1, started_at=moment, duration_ms=1
        )
        return row

    return make


def id_at(moment):
    tail = ids.new_id().int & ((1 << 62) - 1)
    return type(ids.new_id())(int=ids.floor_id(moment).int | (7 << 76) | (2 << 62) | tail)


def keep(instance, **overrides):
    Instance.objects.filter(pk=instance.pk).update(overrides=json.dumps(overrides))


def there(row) -> tuple[bool, bool]:
    """Whether the execution is, and whether its body is."""
    found = Execution.objects.filter(pk=row.pk).exists()
    return found, Payload.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize(("days", "left"), [(6.9, True), (7.1, False)])
def test_an_instance_may_keep_its_executions_for_less(aged, instance, days, left):
    keep(instance, retention_days=7)
    row = aged(days)
    purge.purge(now=dbtime.now())
    assert there(row) == (left, left)


@pytest.mark.parametrize(("days", "left"), [(89.9, True), (90.1, False)])
def test_an_instance_may_keep_its_executions_for_longer(aged, instance, days, left):
    keep(instance, retention_days=90)
    row, foreign = aged(days), aged(31, instance_id=ids.new_id(), instance_slug="other")
    purge.purge(now=dbtime.now())
    assert there(row) == (left, left)
    assert there(foreign) == (False, False)


def test_bodies_go_before_their_executions(aged, settings):
    settings.HUB_PAYLOAD_RETENTION_DAYS = 5
    young, old, running = aged(4.9), aged(5.1), aged(6, ExecutionStatus.RETRYING)
    assert purge.purge(now=dbtime.now())["bodies"] == 1
    assert there(young) == (True, True)
    assert there(old) == (True, False)
    assert there(running) == (True, True)
    assert Attempt.objects.filter(execution_id=old.pk).exists()


def test_an_instances_bodies_may_go_sooner_than_others(aged, instance):
    keep(instance, payload_retention_days=2)
    row, foreign = aged(3), aged(3, instance_id=ids.new_id(), instance_slug="other")
    purge.purge(now=dbtime.now())
    assert there(row) == (True, False)
    assert there(foreign) == (True, True)


def test_what_a_person_noted_goes_with_the_execution(aged):
    row = aged(31, ExecutionStatus.OUTCOME_UNKNOWN)
    Resolution.objects.create(id=row.pk, outcome="failed", by="bob", at=dbtime.now())
    purge.purge(now=dbtime.now())
    assert not Resolution.objects.exists()


def test_overrides_take_days_from_one_to_ten_years(api, instance):
    client = api("manage")
    for days, status in ((30, 200), (0, 400), (3_651, 400)):
        body = {"overrides": {"retention_days": days}}
        assert client.patch("/api/v1/instances/target", body, format="json").status_code == status


def _months() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relname LIKE 'executor_%_2%'")
        return [name for (name,) in cursor.fetchall()]


@pytest.fixture
def old_month(db):
    """The partitions of the month five months ago."""
    start = month_start(dbtime.now(), -5)
    for table in TABLES:
        ensure_partitions(table, now=start, ahead=0)
    return start


@pytest.mark.postgres
def test_a_month_that_nobody_keeps_is_dropped_whole(aged, old_month):
    days = (dbtime.now() - old_month).days - 2
    row = aged(days)
    purge.purge(now=dbtime.now())
    assert there(row) == (False, False)
    assert not [name for name in _months() if name.endswith(f"{old_month:%Y%m}")]


@pytest.mark.postgres
def test_a_month_in_which_something_runs_is_kept(aged, old_month):
    days = (dbtime.now() - old_month).days - 2
    done, running = aged(days), aged(days, ExecutionStatus.QUEUED)
    purge.purge(now=dbtime.now())
    assert there(done) == (False, False)
    assert there(running) == (True, True)
    assert len([name for name in _months() if name.endswith(f"{old_month:%Y%m}")]) == 3


@pytest.mark.postgres
def test_a_month_that_someone_keeps_for_longer_is_not_dropped(aged, instance, old_month):
    keep(instance, retention_days=400)
    row = aged((dbtime.now() - old_month).days - 2)
    purge.purge(now=dbtime.now())
    assert there(row) == (True, True)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_month_that_is_being_read_waits_for_the_next_hour(old_month):
    link = {name: str(django_settings.DATABASES["default"][name]) for name in ("HOST", "PORT")}
    base = connection.settings_dict
    with psycopg.connect(
        host=link["HOST"], port=link["PORT"], user=base["USER"], dbname=base["NAME"]
    ) as reader:
        reader.execute("SELECT count(*) FROM executor_execution")
        began = dbtime.now()
        purge.purge(now=dbtime.now())
        assert dbtime.now() - began < timedelta(seconds=5)
    assert [name for name in _months() if name.endswith(f"{old_month:%Y%m}")]
    purge.purge(now=dbtime.now())
    assert not [name for name in _months() if name.endswith(f"{old_month:%Y%m}")]
