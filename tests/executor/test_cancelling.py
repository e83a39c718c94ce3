"""Cancelling: what waits is never sent, what runs ends honestly (promise 29)."""

from __future__ import annotations

import random
import threading

import pytest
from django.db import connection

from executor import services
from executor.choices import FINAL, ExecutionStatus
from executor.delivery.drain import Drain
from executor.models import Execution
from integration_hub.audit.models import AuditEntry
from integration_hub.events.models import Event
from integration_hub.lib import clock, jsonsafe, pause
from integration_hub.lib.errors import Conflict
from tests.executor.conftest import CALLER, claimed

CANCELS = 100


def cancel(execution):
    return services.cancel(caller=CALLER, execution=Execution.objects.get(pk=execution.pk))


def test_an_unsafe_call_that_is_cancelled_after_bytes_left_has_an_unknown_outcome(
    accept, work, upstream
):
    execution, cancelled = accept("slow_post"), threading.Event()
    threading.Timer(0.2, cancelled.set).start()
    ended = work(execution, cancelled=cancelled)
    assert (ended.status, ended.code) == (ExecutionStatus.OUTCOME_UNKNOWN, "CANCELLED")
    problem = jsonsafe.loads(ended.error)
    assert problem["retryable"] is False
    assert len(upstream.hits) == 1


def test_an_unsafe_call_that_is_cancelled_before_bytes_left_is_cancelled(accept, work, upstream):
    cancelled = threading.Event()
    cancelled.set()
    ended = work(accept("slow_post"), cancelled=cancelled)
    assert ended.status == ExecutionStatus.CANCELLED
    assert upstream.hits == []


def test_a_sync_caller_whose_unsafe_call_was_cancelled_is_told_that_it_may_have_arrived(call):
    def stop():
        cancel(Execution.objects.get())

    with pause.at("after-insert", stop):
        reply, body = call("slow_post", timeout_ms=8_000)
    assert (reply.status, body["code"], body["retryable"]) == (409, "CONFLICT", False)
    assert Execution.objects.get().status == ExecutionStatus.OUTCOME_UNKNOWN


def test_a_cancel_that_arrives_while_a_retry_is_planned_ends_it_at_once(accept, work, upstream):
    execution = accept("busy")
    with pause.at("after-call", lambda: cancel(execution)):
        ended = work(execution)
    assert (ended.status, ended.code) == (ExecutionStatus.CANCELLED, "CANCELLED")
    assert len(upstream.hits) == 1


def test_a_cancel_between_the_last_look_and_the_plan_of_a_retry_ends_it(accept, upstream):
    """Its worker lets go of the row after the cancel saw it running."""
    execution = claimed(accept("ping"))

    def let_go():
        Execution.objects.filter(pk=execution.pk).update(status=ExecutionStatus.RETRYING)

    with pause.at("cancel-requested", let_go):
        ended = services.cancel(caller=CALLER, execution=execution)
    assert ended.status == ExecutionStatus.CANCELLED
    assert upstream.hits == []


def test_what_was_asked_to_end_while_its_worker_died_is_not_sent_by_the_next(
    accept, work, upstream
):
    execution = accept("ping")
    Execution.objects.filter(pk=execution.pk).update(cancel_requested=True)
    assert work(execution).status == ExecutionStatus.CANCELLED
    assert upstream.hits == []


@pytest.mark.parametrize("status", sorted(FINAL))
def test_a_final_execution_stays_what_it_is(accept, status):
    execution = accept("ping")
    Execution.objects.filter(pk=execution.pk).update(status=status)
    if status == ExecutionStatus.CANCELLED:
        assert cancel(execution).status == status
    else:
        with pytest.raises(Conflict):
            cancel(execution)
    execution.refresh_from_db()
    assert (execution.status, execution.cancel_requested) == (status, False)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_hundred_cancels_at_random_moments_contradict_nothing(accept, upstream):
    rows = {
        accept(method, {"n": f"n{number}"}, metadata={"n": f"n{number}"}).pk: method
        for number, method in enumerate(["brief", "brief_post"] * (CANCELS // 2))
    }
    chance = random.Random(29)
    drain = threading.Thread(target=_drain)
    drain.start()
    told, left = {}, chance.sample(sorted(rows), len(rows))
    while left:
        clock.sleep(chance.uniform(0, 0.03))
        pk = _running(left) if chance.random() < 0.5 else left[-1]
        left.remove(pk)
        try:
            told[pk] = services.cancel(caller=CALLER, execution=Execution.objects.get(pk=pk)).status
        except Conflict:
            told[pk] = "ended"
    drain.join(60)
    assert len(set(told.values())) == 3, "every moment was the same one"
    for pk, method in rows.items():
        _check_one(Execution.objects.get(pk=pk), method, told[pk], _hits(upstream, pk))


def _running(left):
    """One that is under way, so that a busy machine meets that moment too; else the next."""
    found = Execution.objects.filter(pk__in=left, status=ExecutionStatus.EXECUTING).first()
    return found.pk if found else left[-1]


def _drain() -> None:
    try:
        Drain(queues=("interactive",), threads=8, seconds=60.0).run()
    finally:
        connection.close()


def _hits(upstream, pk) -> int:
    number = jsonsafe.loads(Execution.objects.get(pk=pk).metadata)["n"]
    return sum(
        1
        for hit in upstream.hits
        if hit["query"].get("n") == number or f'"{number}"' in hit["body"]
    )


def _check_one(row: Execution, method: str, told: str, hits: int) -> None:
    final_events = [
        event
        for event in Event.objects.all()
        if jsonsafe.loads(event.data).get("execution_id") == str(row.pk)
    ]
    assert row.status in FINAL
    assert len(final_events) == 1
    assert row.finished_at is not None
    assert row.lease_until is None
    if told == ExecutionStatus.CANCELLED:
        assert (row.status, hits) == (ExecutionStatus.CANCELLED, 0)
    if told == "ended":
        assert row.status != ExecutionStatus.CANCELLED
    if row.status == ExecutionStatus.CANCELLED and method == "brief_post":
        assert hits == 0
    if row.status == ExecutionStatus.OUTCOME_UNKNOWN:
        assert (method, hits, row.code) == ("brief_post", 1, "CANCELLED")
    asked = AuditEntry.objects.filter(target=str(row.pk), action__startswith="execution.cancel")
    assert asked.exists() == (told != "ended")
