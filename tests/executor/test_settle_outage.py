"""A database that is away when a call ends does not cost the call's answer."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import OperationalError, connection

from executor import claims, pipeline, settle
from executor.choices import ExecutionStatus
from executor.delivery import claim
from executor.delivery.node import QUEUES
from executor.models import Attempt, Execution
from integration_hub.coordination import dbtime
from integration_hub.lib import clock
from tests.executor.delivery.conftest import instance, queued  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def away(monkeypatch):
    """`away(n)`: the next n settling writes find no database."""

    def for_writes(count: int) -> list[int]:
        left, real = [count], settle.write_together

        def write(**options):
            if left[0]:
                left[0] -= 1
                raise OperationalError("the server closed the connection unexpectedly")
            return real(**options)

        monkeypatch.setattr(settle, "write_together", write)
        return left

    return for_writes


def run_claimed() -> None:
    (row,) = claim.claim(limit=1, queues=QUEUES, fits_ms=400_000, owner="me")
    pipeline.run_claimed(row, cancelled=threading.Event())


def test_the_answer_is_kept_until_the_database_is_back(queued, upstream, away, fake_clock):  # noqa: F811
    row = queued("write")
    away(3)
    run_claimed()
    found = Execution.objects.get(pk=row.pk)
    assert (found.status, found.attempts) == (ExecutionStatus.COMPLETED, 1)
    assert Attempt.objects.filter(execution=row).count() == 1
    assert len(upstream.hits) == 1


def test_it_is_not_kept_for_ever(queued, away, fake_clock):  # noqa: F811
    row = queued("ok")
    away(1000)
    with pytest.raises(OperationalError):
        run_claimed()
    assert Execution.objects.get(pk=row.pk).status == ExecutionStatus.EXECUTING


def test_nothing_is_written_over_a_claim_that_was_taken_meanwhile(
    queued,  # noqa: F811
    away,
    fake_clock,
    monkeypatch,
):
    row = queued("ok")
    away(1)
    close = connection.close

    def taken() -> None:
        Execution.objects.filter(pk=row.pk).update(fence=9, lease_owner="other")
        close()

    monkeypatch.setattr(connection, "close", taken)
    run_claimed()
    assert Execution.objects.get(pk=row.pk).lease_owner == "other"
    assert Attempt.objects.count() == 0


@pytest.fixture
def cut(monkeypatch):
    """`cut(n)`: the next n calls lose the database when they are about to be sent."""

    def for_calls(count: int) -> None:
        left, real = [count], claims.mark_sent

        def mark(run):
            if left[0]:
                left[0] -= 1
                raise OperationalError("the server closed the connection unexpectedly")
            return real(run)

        monkeypatch.setattr(claims, "mark_sent", mark)

    return for_calls


def test_an_accepted_call_that_could_not_be_sent_waits_and_is_sent_once(
    queued,  # noqa: F811
    upstream,
    cut,
):
    row = queued("write")
    cut(1)
    run_claimed()
    found = Execution.objects.get(pk=row.pk)
    assert (found.status, found.attempts, found.sent) == (ExecutionStatus.QUEUED, 0, False)
    assert dbtime.now() < found.due_at < dbtime.now() + timedelta(seconds=5)
    assert not upstream.hits
    Execution.objects.update(due_at=dbtime.Now())
    run_claimed()
    found.refresh_from_db()
    assert (found.status, found.attempts) == (ExecutionStatus.COMPLETED, 1)
    assert len(upstream.hits) == 1


def test_a_caller_who_waits_is_told_that_nothing_was_sent(call, upstream, cut):
    cut(1)
    reply, body = call("create_contact", key="k")
    assert (reply.status, body["code"], body["retryable"]) == (503, "SERVICE_UNAVAILABLE", True)
    assert Execution.objects.get(pk=body["execution_id"]).status == ExecutionStatus.REJECTED
    assert not upstream.hits
    assert call("create_contact", key="k")[0].status == 200
    assert len(upstream.hits) == 1


def test_a_planned_retry_that_cannot_be_sent_in_its_time_fails_and_says_why(
    accept, work, upstream, cut
):
    with clock.use(clock.FakeClock(clock.now())) as time:
        execution = work(accept("busy", timeout_ms=60_000))
        assert execution.status == ExecutionStatus.RETRYING
        time.advance(58.5)
        cut(1)
        execution = work(execution)
    assert (execution.status, execution.code) == (ExecutionStatus.FAILED, "SERVICE_UNAVAILABLE")
    assert len(upstream.hits) == 1
