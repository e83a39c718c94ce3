from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.management import call_command

from executor.choices import ExecutionStatus
from executor.delivery import purge
from executor.models import Attempt, Execution, IdempotencyRecord, Payload
from integration_hub.coordination import dbtime
from integration_hub.events.choices import EventType
from integration_hub.events.models import Event
from integration_hub.events.relay import relay_once
from integration_hub.events.services import emit
from integration_hub.lib import ids

pytestmark = pytest.mark.django_db
OLD = timedelta(days=40)


@pytest.fixture
def aged(queued):
    """An execution made 40 days ago, with a payload and an attempt."""

    def make(status: str) -> Execution:
        moment = dbtime.now() - OLD
        row = queued(id=_id_at(moment), status=status, created_at=moment)
        Attempt.objects.create(execution=row, number=1, started_at=moment, duration_ms=1)
        return row

    return make


def _id_at(moment):
    return type(ids.new_id())(int=ids.floor_id(moment).int | (ids.new_id().int & (1 << 62) - 1))


def key_of(row: Execution, age: timedelta) -> IdempotencyRecord:
    return IdempotencyRecord.objects.create(
        owner="o",
        instance_id=row.instance_id,
        method="ok",
        key_digest=str(row.pk),
        body_digest="b",
        execution_id=row.pk,
        created_at=dbtime.now() - age,
    )


def test_final_executions_go_with_their_bodies_and_attempts(aged):
    row = aged(ExecutionStatus.COMPLETED)
    assert purge.purge(now=dbtime.now())["executions"] == 1
    assert not Execution.objects.filter(pk=row.pk).exists()
    assert not Payload.objects.filter(pk=row.pk).exists()
    assert not Attempt.objects.filter(execution_id=row.pk).exists()


def test_what_still_runs_stays_however_old(aged):
    aged(ExecutionStatus.RETRYING)
    assert purge.purge(now=dbtime.now())["executions"] == 0


def test_what_is_within_retention_stays(queued):
    queued(status=ExecutionStatus.COMPLETED)
    assert purge.purge(now=dbtime.now())["executions"] == 0


@pytest.mark.parametrize(("hours", "gone"), [(23.9, 0), (24.1, 1)])
def test_an_idempotency_key_is_kept_for_a_day(queued, hours, gone):
    key_of(queued(status=ExecutionStatus.COMPLETED), timedelta(hours=hours))
    assert purge.purge(now=dbtime.now())["idempotency keys"] == gone


def test_an_idempotency_key_is_kept_while_its_call_runs(queued):
    key_of(queued(status=ExecutionStatus.RETRYING), timedelta(days=3))
    assert purge.purge(now=dbtime.now())["idempotency keys"] == 0


def test_the_command_purges_and_counts(aged, capsys):
    aged(ExecutionStatus.FAILED)
    call_command("purge_executions", "--json", "--days", "7")
    assert json.loads(capsys.readouterr().out)["executions"] == 1


def test_a_delivered_event_goes_with_its_time():
    event = emit(
        type=EventType.INSTANCE_STATUS,
        subject="demo",
        data={"instance_id": str(ids.new_id()), "state": "connected", "previous": "", "reason": ""},
    )
    relay_once()
    assert purge.purge(now=dbtime.now())["events"] == 0
    later = dbtime.now() + timedelta(days=31)
    assert purge.purge(now=later)["events"] >= 1
    assert not Event.objects.filter(pk=event.pk).exists()
