from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import F

from executor.choices import ExecutionStatus, Priority
from executor.delivery import claim
from executor.delivery.node import QUEUES
from executor.models import Execution
from integration_hub.coordination import dbtime

pytestmark = pytest.mark.django_db
ROOM = {"queues": QUEUES, "fits_ms": 400_000}


def test_a_claim_makes_the_row_ours_with_a_lease_and_a_higher_fence(queued):
    row = queued()
    (claimed,) = claim.claim(limit=5, owner="me", **ROOM)
    row.refresh_from_db()
    assert (claimed.pk, claimed.fence, row.fence) == (row.pk, 1, 1)
    assert row.status == ExecutionStatus.EXECUTING
    assert row.lease_owner == "me"
    assert row.lease_until > dbtime.now() + timedelta(seconds=20)


def test_a_row_is_claimed_once(queued):
    queued()
    assert len(claim.claim(limit=5, owner="me", **ROOM)) == 1
    assert claim.claim(limit=5, owner="other", **ROOM) == []


def test_what_is_not_due_yet_is_left_alone(queued):
    queued(due_at=dbtime.now() + timedelta(minutes=1))
    assert claim.claim(limit=5, owner="me", **ROOM) == []


def test_interactive_work_goes_before_batch_work_that_waits_longer(queued):
    queued(priority=Priority.BATCH, due_at=dbtime.now() - timedelta(hours=1))
    first = queued(priority=Priority.INTERACTIVE)
    assert [row.pk for row in claim.claim(limit=1, owner="me", **ROOM)] == [first.pk]


def test_a_worker_of_one_queue_takes_nothing_of_the_other(queued):
    queued(priority=Priority.BATCH)
    assert claim.claim(limit=5, owner="me", queues=["interactive"], fits_ms=400_000) == []


def test_a_row_whose_deadline_outlives_the_claimer_is_left_to_another(queued):
    queued(timeout_ms=300_000)
    assert claim.claim(limit=5, owner="me", queues=QUEUES, fits_ms=100_000) == []


def test_suspects_are_only_claimed_one_at_a_time(queued):
    queued(suspect=True)
    queued(deaths=1)
    assert claim.claim(limit=5, owner="me", **ROOM) == []
    assert claim.waits_alone(**ROOM)
    assert len(claim.claim_alone(owner="me", **ROOM)) == 1


def test_renewing_names_the_rows_that_are_no_longer_ours(queued):
    mine, lost = queued(), queued()
    claim.claim(limit=2, owner="me", **ROOM)
    Execution.objects.filter(pk=lost.pk).update(lease_owner="other")
    assert claim.renew([mine.pk, lost.pk], owner="me") == {mine.pk}


def test_renewing_extends_the_lease(queued):
    row = queued()
    claim.claim(limit=1, owner="me", **ROOM)
    Execution.objects.filter(pk=row.pk).update(lease_until=dbtime.now())
    claim.renew([row.pk], owner="me")
    row.refresh_from_db()
    assert row.lease_until > dbtime.now() + timedelta(seconds=20)


def plan_of(rows) -> str:
    """How the database finds `rows`, in a table that is worth an index."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
    return str(rows.explain())


def test_claims_read_the_claims_index(queued):
    queued()
    due = Execution.objects.due().filter(priority="batch").order_by("due_at")
    assert re.search("execution_claim|priority_due_at", plan_of(due))


def test_suspects_are_found_without_reading_the_backlog(queued):
    queued()
    suspects = Execution.objects.due().filter(claim.ALONE)
    found = plan_of(suspects.order_by("due_at"))
    assert re.search("execution_suspect|due_at_idx", found), found


def test_the_next_due_moment_is_known_a_second_ahead(queued):
    assert claim.seconds_to_next(within=1) is None
    queued(due_at=dbtime.now() + timedelta(seconds=0.6))
    assert 0 < claim.seconds_to_next(within=1) <= 0.6
    assert claim.seconds_to_next(within=0.1) is None


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_row_that_another_is_claiming_is_passed_over_without_waiting(queued):
    queued()
    claiming, claimed = threading.Event(), threading.Event()

    def other() -> None:
        try:
            with transaction.atomic():
                assert len(claim.claim(limit=5, owner="other", **ROOM)) == 1
                claiming.set()
                claimed.wait(20)
        finally:
            connection.close()

    thread = threading.Thread(target=other)
    thread.start()
    try:
        assert claiming.wait(20)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '1s'")  # who waits fails instead
        assert claim.claim(limit=5, owner="me", **ROOM) == []
    finally:
        claimed.set()
        thread.join(20)
        connection.close()


def test_who_lost_the_claim_writes_nothing_more(queued):
    queued()
    (mine,) = claim.claim(limit=5, owner="me", **ROOM)
    Execution.objects.filter(pk=mine.pk).update(fence=F("fence") + 1, lease_owner="other")
    assert Execution.objects.held(mine).update(sent=True) == 0
    mine.refresh_from_db()
    assert Execution.objects.held(mine).update(sent=True) == 1
