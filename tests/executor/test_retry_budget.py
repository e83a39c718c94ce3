"""Retries stay a tenth of the calls, and a call ends in time whatever is left to try."""

from __future__ import annotations

import pytest

from executor.choices import ExecutionStatus
from executor.models import Execution
from integration_hub.coordination import budget
from integration_hub.lib import clock

FAILING = {"status": "503"}


@pytest.fixture(autouse=True)
def _fresh():
    budget.forget()
    yield
    budget.forget()


def use_up(acme):
    while budget.spend(str(acme.pk)):
        pass


def test_a_call_alone_may_use_all_its_attempts(call, upstream):
    assert call("says_again", FAILING)[1]["retryable"] is True
    assert len(upstream.hits) == 9


def test_a_sync_call_beyond_the_budget_ends_with_its_last_error(call, upstream, acme):
    use_up(acme)
    reply, body = call("flaky")
    assert (reply.status, body["code"], body["upstream"]["status"]) == (
        502,
        "INTEGRATION_ERROR",
        503,
    )
    assert body["retryable"] is True
    assert 5 <= body["retry_after"] <= 10
    assert len(upstream.hits) == 1


def test_the_methods_of_an_account_share_its_budget(call, upstream, acme):
    call("says_again", FAILING)
    used = len(upstream.hits)
    assert call("flaky")[0].status == 502
    assert len(upstream.hits) == used + 1


def test_an_async_call_beyond_the_budget_is_planned_for_later_and_asks_again(
    accept, work, upstream, acme
):
    use_up(acme)
    with clock.use(clock.FakeClock(clock.now())) as time:
        execution = work(accept("flaky", timeout_ms=300_000))
        assert (execution.status, execution.attempts) == (ExecutionStatus.RETRYING, 1)
        execution = work(execution)
        assert (execution.status, execution.attempts) == (ExecutionStatus.RETRYING, 1)
        assert len(upstream.hits) == 1
        time.advance(61)
        execution = work(execution)
    assert (execution.status, execution.attempts) == (ExecutionStatus.COMPLETED, 3)


def test_an_async_call_that_cannot_wait_for_the_budget_ends_with_its_last_error(
    accept, work, upstream, acme
):
    use_up(acme)
    execution = work(accept("flaky", timeout_ms=4_000))
    assert (execution.status, execution.code) == (ExecutionStatus.FAILED, "INTEGRATION_ERROR")
    assert len(upstream.hits) == 1


def test_a_planned_call_whose_time_is_over_before_the_budget_is_back_fails(
    accept, work, upstream, acme
):
    use_up(acme)
    execution = work(accept("flaky", timeout_ms=60_000))
    Execution.objects.update(deadline_at=clock.now())
    execution = work(execution)
    assert (execution.status, execution.code) == (ExecutionStatus.FAILED, "RATE_LIMIT_EXCEEDED")
    assert len(upstream.hits) == 1


def test_a_retry_at_the_time_that_was_asked_for_needs_no_budget(accept, work, upstream, acme):
    use_up(acme)
    with clock.use(clock.FakeClock(clock.now())) as time:
        parameters = FAILING | {"retry-after": "5"}
        execution = work(accept("says_again", parameters, timeout_ms=300_000))
        time.advance(6)
        execution = work(execution)
    assert (execution.status, execution.attempts) == (ExecutionStatus.RETRYING, 2)


def test_one_deadline_bounds_all_tries(call, upstream):
    began = clock.monotonic()
    reply, body = call("late", timeout_ms=1_000)
    assert clock.monotonic() - began <= 1.5
    assert (reply.status, body["code"]) == (504, "TIMEOUT_ERROR")
    assert len(upstream.hits) in (3, 4)


def test_no_try_begins_with_less_than_its_least_left(call, upstream):
    call("late", timeout_ms=380)
    assert len(upstream.hits) == 1


def test_a_planned_try_that_comes_up_too_late_is_not_made(accept, work, upstream):
    with clock.use(clock.FakeClock(clock.now())) as time:
        execution = work(accept("busy", timeout_ms=60_000))
        time.advance(59.95)
        execution = work(execution)
    assert (execution.status, execution.code) == (ExecutionStatus.FAILED, "TIMEOUT_ERROR")
    assert len(upstream.hits) == execution.attempts == 1
