from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import OperationalError
from django_q.models import OrmQ

from executor.choices import ExecutionStatus
from executor.delivery import pace
from executor.delivery.constants import PACE_EVERY, PACER_LEASE, RENEW_EVERY
from executor.delivery.pace import Pacer
from executor.models import Execution
from integration_hub.coordination import dbtime, heartbeat
from integration_hub.coordination.models import LeaseRow

pytestmark = pytest.mark.django_db


def keys() -> set[str]:
    return set(OrmQ.objects.values_list("key", flat=True))


def test_a_due_row_without_a_hint_gets_one(queued, fake_clock):
    OrmQ.objects.all().delete()
    queued(priority="batch")
    Pacer().tick()
    assert "hub:batch" in keys()
    assert "hub:interactive" not in keys()


def test_a_row_that_is_not_due_gets_none(queued):
    queued(due_at=dbtime.now() + timedelta(minutes=1))
    Pacer().tick()
    assert not {"hub:batch", "hub:interactive"} & keys()


def test_events_in_the_outbox_get_a_hint(instance):
    pace.hint_what_is_due()
    assert "hub:events" in keys()


def test_expired_leases_are_settled(queued):
    row = queued(
        status=ExecutionStatus.EXECUTING,
        lease_owner="dead:1",
        lease_until=dbtime.now() - timedelta(seconds=1),
    )
    Pacer().tick()
    assert Execution.objects.get(pk=row.pk).status == ExecutionStatus.RETRYING


def test_one_pacer_acts_at_a_time_and_all_show_themselves(queued):
    Pacer().tick()
    queued()
    OrmQ.objects.all().delete()
    Pacer().tick()
    assert keys() == set()
    assert heartbeat.alive("pacer", 5)


def test_another_takes_over_when_the_first_is_gone(queued):
    Pacer().tick()
    queued()
    OrmQ.objects.all().delete()
    LeaseRow.objects.update(until=dbtime.now() - timedelta(seconds=PACER_LEASE))
    Pacer().tick()
    assert "hub:interactive" in keys()


def test_after_an_outage_living_workers_renew_before_anything_is_taken_from_them(
    queued, fake_clock, monkeypatch
):
    row = queued(
        status=ExecutionStatus.EXECUTING,
        lease_owner="alive:1",
        lease_until=dbtime.now() - timedelta(seconds=1),
    )

    def away() -> None:
        raise OperationalError

    monkeypatch.setattr(pace, "hint_what_is_due", away)
    pacer = Pacer()
    fake_clock.advance(1)
    pacer.tick()
    assert Execution.objects.get(pk=row.pk).status == ExecutionStatus.EXECUTING
    monkeypatch.undo()
    assert RENEW_EVERY < 15


def test_a_step_that_breaks_does_not_keep_the_others_from_running(queued, monkeypatch):
    def broken() -> None:
        raise RuntimeError

    monkeypatch.setattr(pace.purge, "make_partitions", broken)
    queued()
    OrmQ.objects.all().delete()
    Pacer().tick()
    assert "hub:interactive" in keys()


def test_the_pacer_wakes_when_the_next_execution_falls_due(queued):
    pacer = Pacer()
    pacer.tick()
    assert pacer._pause() == PACE_EVERY
    queued(due_at=dbtime.now() + timedelta(seconds=0.5))
    assert pacer._pause() <= 0.5


def test_a_pacer_that_only_waits_for_its_turn_looks_for_nothing(queued):
    Pacer().tick()
    second = Pacer()
    second.tick()
    queued(due_at=dbtime.now() + timedelta(seconds=0.5))
    assert second._pause() == PACE_EVERY
