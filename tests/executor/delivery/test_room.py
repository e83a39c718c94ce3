"""Nobody's backlog holds up everybody: threads are shared out, parked methods left alone."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import connections

from executor import pipeline
from executor.choices import ExecutionStatus
from executor.delivery import claim, room
from executor.delivery.constants import HOLD_SECONDS, MAX_HOLDS, RESERVE
from executor.delivery.drain import Drain
from executor.delivery.node import QUEUES
from executor.delivery.room import Holds
from executor.delivery.turn import Turn
from executor.models import Execution
from integration_hub.lib import ids
from integration_hub.lib.errors import ConcurrencyLimitExceeded

A, B = ids.new_id(), ids.new_id()


def running(instance=A, count: int = 1, priority: str = "interactive") -> list[Execution]:
    return [Execution(instance_id=instance, priority=priority) for _ in range(count)]


def test_the_reserve_opens_once_no_other_place_is_free():
    assert (room.free(running(count=3), 4), room.reserved(running(count=3), 4)) == (1, 0)
    assert (room.free(running(count=4), 4), room.reserved(running(count=4), 4)) == (0, RESERVE)
    assert room.reserved(running(count=4 + RESERVE), 4) == 0


def test_an_instance_that_fills_a_worker_gets_nothing_of_the_reserve():
    assert room.full(running(A, 4), 4) == [A]
    assert room.full(running(A, 3) + running(B), 4) == []


def test_an_instance_whose_batch_fills_a_worker_still_gets_one_interactive_place():
    batch = running(A, 4, "batch")
    assert room.full(batch, 4) == []
    assert room.full(batch + running(A, 1), 4) == [A]


def test_a_method_that_is_held_back_is_left_alone_for_a_moment(fake_clock):
    holds = Holds()
    assert holds.now() is claim.NOTHING
    holds.note(Execution(instance_id=A, method="m"), 60)
    assert holds.now() is not claim.NOTHING
    fake_clock.advance(HOLD_SECONDS)
    assert holds.now() is claim.NOTHING


def test_holds_are_bounded(fake_clock):
    holds = Holds()
    for number in range(MAX_HOLDS * 2):
        holds.note(Execution(instance_id=A, method=f"m{number}"), 1)
    assert len(holds.now().children) == MAX_HOLDS


@pytest.mark.django_db
def test_what_is_held_back_is_not_claimed_and_others_are(queued):
    parked, other = queued("slow"), queued("ok")
    holds = Holds()
    holds.note(parked, 1)
    found = claim.claim(limit=5, queues=QUEUES, fits_ms=400_000, owner="me", without=holds.now())
    assert [row.pk for row in found] == [other.pk]


@pytest.mark.django_db
def test_one_worker_at_a_time_runs_empty_for_a_suspect(fake_clock):
    first, second = Turn(), Turn()
    assert (first.is_mine(), second.is_mine()) == (True, False)
    first.pass_on()
    fake_clock.advance(60)
    assert second.is_mine()


def drain_in_background(threads: int) -> threading.Thread:
    def run() -> None:
        Drain(queues=QUEUES, threads=threads, seconds=420.0).run()
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.django_db(transaction=True)
def test_interactive_work_starts_at_once_though_slow_batch_work_fills_the_worker(queued, upstream):
    for _ in range(6):
        queued("slow", priority="batch")
    work = drain_in_background(threads=2)
    while len(upstream.hits) < 2:
        time.sleep(0.02)
    began = time.monotonic()
    urgent = queued("ok")
    while not any(hit["path"] == "/ok" for hit in upstream.hits):
        assert time.monotonic() - began < 1
        time.sleep(0.02)
    Execution.objects.filter(status=ExecutionStatus.QUEUED).delete()
    work.join()
    assert Execution.objects.get(pk=urgent.pk).status == ExecutionStatus.COMPLETED
    assert len([hit for hit in upstream.hits if hit["path"] == "/delay/3"]) == 2


@pytest.mark.django_db(transaction=True)
def test_a_limit_that_parks_a_call_is_told_to_the_drain(queued, monkeypatch):
    row = queued("ok")

    def parked(*_: object, **__: object) -> pipeline.Outcome:
        Execution.objects.filter(pk=row.pk).update(status=ExecutionStatus.CANCELLED)
        error = ConcurrencyLimitExceeded("full", retry_after=1)
        return pipeline.Outcome(ExecutionStatus.QUEUED, error=error, retry_in=1.0)

    fresh = Holds()
    monkeypatch.setattr("executor.delivery.drain.holds", fresh)
    monkeypatch.setattr(pipeline, "run_claimed", parked)
    Drain(queues=QUEUES, threads=1, seconds=420.0).run()
    assert fresh.now() is not claim.NOTHING
