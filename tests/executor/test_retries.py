"""When a call is tried again, and when it must not be."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection

from executor import ending, pipeline, services
from executor.choices import ExecutionStatus
from executor.models import Attempt, Execution
from integration_hub.coordination import dbtime
from integration_hub.lib import clock
from integration_hub.lib.errors import InstanceNotReady, InternalFailure
from registry import services as registry
from tests.executor.conftest import CALLER, claimed


def test_a_safe_call_is_tried_until_it_works_and_every_try_is_kept(call, upstream):
    _, body = call("flaky")
    assert body["status"] == "completed"
    assert body["attempts"] == 3
    assert len(upstream.hits) == 3
    tries = Attempt.objects.filter(execution_id=body["execution_id"]).order_by("number")
    assert [(row.number, row.status_code, row.code) for row in tries] == [
        (1, 503, "INTEGRATION_ERROR"),
        (2, 503, "INTEGRATION_ERROR"),
        (3, 200, ""),
    ]


def test_an_unsafe_call_is_sent_once(call, upstream):
    reply, _ = call("flaky_post")
    assert reply.status == 502
    assert len(upstream.hits) == 1


def test_an_upstream_key_makes_a_call_safe_and_stays_the_same_for_all_its_tries(call, upstream):
    _, first = call("flaky_keyed")
    assert first["attempts"] == 3
    keys = {hit["headers"]["idempotency-key"] for hit in upstream.hits}
    assert keys == {first["execution_id"]}
    upstream.clear()
    call("create_keyed")
    assert upstream.hits[0]["headers"]["idempotency-key"] not in keys


def test_a_429_is_repeated_even_when_unsafe_and_never_before_its_time(call, upstream):
    began = clock.monotonic()
    reply, body = call("busy_post")
    assert len(upstream.hits) == 2
    assert clock.monotonic() - began >= 1
    assert (reply.status, body["upstream"]["status"], body["retryable"]) == (502, 429, True)


def test_a_sync_call_does_not_wait_long_but_says_when(call, upstream):
    reply, body = call("busy")
    assert len(upstream.hits) == 1
    assert body["retry_after"] >= 5
    assert reply.headers["Retry-After"] == str(body["retry_after"])


def test_a_worker_plans_a_long_wait_on_the_row_and_lets_go(accept, work, upstream):
    execution = work(accept("busy"))
    assert execution.status == ExecutionStatus.RETRYING
    assert execution.lease_until is None
    assert execution.attempts == 1
    assert execution.due_at > clock.now() + timedelta(seconds=4)
    assert Attempt.objects.filter(execution_id=execution.pk).count() == 1


def test_the_tries_of_later_runs_count_on(accept, work, upstream):
    with clock.use(clock.FakeClock(clock.now())) as time:
        execution = accept("busy", timeout_ms=300_000)
        for number in (1, 2, 3):
            execution = work(execution)
            assert execution.attempts == number
            time.advance(6)
    assert execution.status == ExecutionStatus.FAILED
    numbers = Attempt.objects.filter(execution_id=execution.pk).values_list("number", flat=True)
    assert list(numbers) == [1, 2, 3]
    assert len(upstream.hits) == 3


def test_a_retry_that_would_come_after_the_deadline_is_not_planned(accept, work):
    execution = work(accept("busy", timeout_ms=3_000))
    assert execution.status == ExecutionStatus.FAILED
    assert execution.code == "INTEGRATION_ERROR"


def test_a_worker_waits_for_a_circuit_that_opened_between_two_tries(accept, work, upstream):
    execution = work(accept("breaks_soon", timeout_ms=300_000))
    assert execution.status == ExecutionStatus.RETRYING
    assert execution.due_at > clock.now() + timedelta(seconds=30)
    assert len(upstream.hits) == 1


def test_a_circuit_that_stays_open_past_the_deadline_ends_the_call_at_once(accept, work, upstream):
    execution = work(accept("breaks_soon", timeout_ms=5_000))
    assert (execution.status, execution.code) == (ExecutionStatus.FAILED, "INTEGRATION_ERROR")
    assert len(upstream.hits) == 1


def test_a_call_that_was_tried_is_never_rejected_afterwards(accept, work, upstream):
    execution = work(accept("breaks_soon", timeout_ms=300_000))
    Execution.objects.update(deadline_at=clock.now() + timedelta(seconds=5))
    execution = work(execution)
    assert (execution.status, execution.code) == (ExecutionStatus.FAILED, "CIRCUIT_OPEN")
    assert execution.attempts == len(upstream.hits) == 1


def test_our_own_limit_refuses_a_sync_call_and_says_when(call, upstream):
    call("limited")
    reply, body = call("limited")
    assert (reply.status, body["code"], body["retryable"]) == (429, "RATE_LIMIT_EXCEEDED", True)
    assert int(reply.headers["Retry-After"]) > 0
    assert "acme.limited" in body["detail"]
    row = Execution.objects.get(pk=body["execution_id"])
    assert row.status == ExecutionStatus.REJECTED
    assert len(upstream.hits) == 1


def test_our_own_limit_parks_an_async_call(call, accept, work, upstream):
    call("limited")
    execution = work(accept("limited"))
    assert execution.status == ExecutionStatus.QUEUED
    assert execution.attempts == 0
    assert execution.due_at > clock.now()
    assert len(upstream.hits) == 1


def test_an_open_circuit_refuses_without_a_call(call, upstream):
    for _ in range(2):
        call("breaks")
    reply, body = call("breaks")
    assert (reply.status, body["code"]) == (503, "CIRCUIT_OPEN")
    assert Execution.objects.get(pk=body["execution_id"]).status == ExecutionStatus.REJECTED
    assert len(upstream.hits) == 2


def test_a_worker_runs_an_accepted_call_to_its_end(accept, work, upstream):
    execution = accept("get_contact", {"id": "3"})
    assert execution.status == ExecutionStatus.QUEUED
    assert upstream.hits == []
    execution = work(execution)
    assert execution.status == ExecutionStatus.COMPLETED
    assert upstream.hits[0]["path"] == "/contacts/3"


def test_a_worker_that_lost_its_claim_writes_nothing(accept, work):
    execution = claimed(accept("ping"))
    Execution.objects.filter(pk=execution.pk).update(fence=execution.fence + 1)

    pipeline.run_claimed(execution, cancelled=threading.Event())
    row = Execution.objects.get(pk=execution.pk)
    assert row.status == ExecutionStatus.EXECUTING
    assert not Attempt.objects.filter(execution_id=row.pk).exists()


def test_an_unsafe_call_is_marked_sent_before_a_byte_leaves_and_not_sent_when_claimless(
    accept, upstream
):

    execution = claimed(accept("create_contact"))
    Execution.objects.filter(pk=execution.pk).update(fence=execution.fence + 1)
    pipeline.run_claimed(execution, cancelled=threading.Event())
    assert upstream.hits == []


def test_a_cancelled_worker_call_ends_as_cancelled(accept, work):
    cancelled = threading.Event()
    timer = threading.Timer(0.2, cancelled.set)
    timer.start()
    execution = work(accept("slow"), cancelled=cancelled)
    assert execution.status == ExecutionStatus.CANCELLED
    assert execution.code == "CANCELLED"


@pytest.mark.parametrize(
    ("sent", "expected"),
    [(True, ExecutionStatus.OUTCOME_UNKNOWN), (False, ExecutionStatus.RETRYING)],
)
def test_a_dead_workers_call_is_run_again_only_when_that_is_safe(accept, sent, expected):

    execution = claimed(accept("ping"))
    past = dbtime.now() - timedelta(seconds=1)
    Execution.objects.filter(pk=execution.pk).update(sent=sent, lease_until=past)
    execution.refresh_from_db()
    ending.settle_lost(execution)
    execution.refresh_from_db()
    assert execution.status == expected
    if sent:
        assert execution.code == "CONNECTION_ERROR"
        assert '"retryable":false' in execution.error
    else:
        assert execution.attempts == 1
        assert Attempt.objects.get(execution_id=execution.pk).code == "SERVICE_UNAVAILABLE"


def test_a_final_state_is_never_overwritten(call):

    _, body = call("ping")
    row = Execution.objects.get(pk=body["execution_id"])
    assert not ending.finish(row, status=ExecutionStatus.FAILED, error=InternalFailure("late"))
    row.refresh_from_db()
    assert row.status == ExecutionStatus.COMPLETED


def test_a_sync_call_waits_for_a_slot_only_as_long_as_it_was_told_to(call, upstream):
    call("soon")
    assert call("soon")[0].status == 429
    assert call("soon", max_wait_ms=5_000)[0].status == 200


def test_a_sync_call_that_kills_every_process_that_runs_it_is_poison(call):
    _, body = call("ping")
    Execution.objects.update(
        status=ExecutionStatus.EXECUTING, lease_until=dbtime.now() - timedelta(seconds=1)
    )
    row = Execution.objects.get(pk=body["execution_id"])
    for expected in (ExecutionStatus.RETRYING, ExecutionStatus.FAILED):
        ending.settle_lost(row)
        row.refresh_from_db()
        assert row.status == expected
        if expected == ExecutionStatus.RETRYING:
            past = dbtime.now() - timedelta(seconds=1)
            Execution.objects.update(status=ExecutionStatus.EXECUTING, lease_until=past)
            row.refresh_from_db()
    assert row.code == "POISON"


@pytest.mark.django_db(transaction=True)
def test_a_running_sync_call_ends_soon_after_someone_cancels_it(call):
    def cancel():
        end = clock.monotonic() + 10
        while clock.monotonic() < end:
            row = Execution.objects.filter(status=ExecutionStatus.EXECUTING).first()
            if row is not None:
                services.cancel(caller=CALLER, execution=row)
                break
        connection.close()

    thread = threading.Thread(target=cancel)
    thread.start()
    began = clock.monotonic()
    reply, body = call("slow")
    thread.join()
    assert clock.monotonic() - began < 5
    assert (reply.status, body["code"]) == (409, "CONFLICT")
    row = Execution.objects.get(pk=body["execution_id"])
    assert (row.status, row.code) == (ExecutionStatus.CANCELLED, "CANCELLED")


def test_a_deprecated_definition_still_executes_and_says_so(call, acme):
    registry.deprecate_definition(definition=acme.definition, actor="tests")
    reply, _ = call("ping")
    assert reply.status == 200
    assert reply.headers["Deprecation"].startswith("@")
    assert reply.headers["Sunset"] == "Fri, 31 Dec 2027 00:00:00 GMT"


def test_an_adapter_that_is_switched_off_refuses_the_call(call, upstream):
    registry.switch_adapter(type="http", enabled=False, actor="tests", reason="maintenance")
    with pytest.raises(InstanceNotReady) as refusal:
        call("ping")
    assert "maintenance" in refusal.value.detail
    assert upstream.hits == []
