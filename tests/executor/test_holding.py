"""An external system that wants to be left alone is left alone, by all calls of that quota."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from executor import circuit_control
from executor.choices import ExecutionStatus
from executor.models import Execution
from integration_hub.lib import clock
from registry import runtime
from tests.executor.conftest import CALLER

REFUSING = {"status": "429", "retry-after": "30"}
LAST_ONE = {"status": "200", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "30"}


@pytest.fixture
def time(acme):
    with clock.use(clock.FakeClock(clock.now())) as fake:
        yield fake


def test_after_a_429_no_call_is_sent_until_its_time_and_each_is_told_when(call, upstream, time):
    reply, body = call("says", REFUSING)
    assert (reply.status, body["code"], body["retry_after"]) == (502, "INTEGRATION_ERROR", 30)
    time.advance(10)
    reply, body = call("says", {"status": "200"})
    assert (reply.status, body["code"]) == (429, "RATE_LIMIT_EXCEEDED")
    assert (body["retry_after"], reply.headers["Retry-After"]) == (20, "20")
    assert "no call of acme is sent" in body["detail"]
    assert Execution.objects.get(pk=body["execution_id"]).status == ExecutionStatus.REJECTED
    assert len(upstream.hits) == 1


def test_the_quota_is_the_accounts_so_every_method_waits_that_has_no_rate_of_its_own(
    call, upstream, time
):
    call("says", REFUSING)
    assert call("ping")[1]["code"] == "RATE_LIMIT_EXCEEDED"
    assert call("says_apart", {"status": "200"})[0].status == 200
    time.advance(30)
    assert call("ping")[0].status == 200
    assert call("says", {"status": "200"})[0].status == 200
    assert len(upstream.hits) == 4


def test_the_quota_of_a_method_with_a_rate_of_its_own_holds_that_method_alone(call, time):
    call("says_apart", REFUSING)
    reply, body = call("says_apart", {"status": "200"})
    assert (reply.status, body["retry_after"]) == (429, 30)
    assert "no call of acme.says_apart is sent" in body["detail"]
    assert call("ping")[0].status == 200


def test_the_first_call_afterwards_finds_out_and_ends_the_hold(call, time):
    call("says", REFUSING)
    time.advance(30)
    assert call("says", {"status": "200"})[0].status == 200
    assert call("says", {"status": "200"})[0].status == 200


def test_a_first_call_that_is_refused_without_a_time_holds_for_a_moment(call, upstream, time):
    call("says", REFUSING)
    time.advance(30)
    assert call("says", {"status": "429"})[0].status == 502
    assert call("says", {"status": "200"})[0].status == 429
    time.advance(1)
    assert call("says", {"status": "200"})[0].status == 200
    assert len(upstream.hits) == 3


def test_a_quota_that_a_good_answer_says_is_used_up_holds_the_next_calls(call, upstream, time):
    assert call("says", LAST_ONE)[0].status == 200
    reply, body = call("says", {"status": "200"})
    assert (reply.status, body["code"], body["retry_after"]) == (429, "RATE_LIMIT_EXCEEDED", 30)
    time.advance(30)
    assert call("says", {"status": "200"})[0].status == 200
    assert len(upstream.hits) == 2


def test_a_quota_with_calls_left_or_a_503_holds_nothing(call, upstream, time):
    call("says", {"status": "200", "x-ratelimit-remaining": "1", "x-ratelimit-reset": "30"})
    call("says", {"status": "503", "retry-after": "30"})
    assert call("says", {"status": "200"})[0].status == 200
    assert len(upstream.hits) == 3


def test_an_async_call_is_parked_until_then_and_comes_back_spread(call, accept, work, upstream):
    call("says", REFUSING)
    dues = set()
    for _ in range(5):
        execution = work(accept("says", {"status": "200"}))
        assert (execution.status, execution.attempts) == (ExecutionStatus.QUEUED, 0)
        left = execution.due_at - clock.now()
        assert timedelta(seconds=28) < left < timedelta(seconds=36)
        dues.add(execution.due_at)
    assert len({due.replace(microsecond=due.microsecond // 1000 * 1000) for due in dues}) > 1
    assert len(upstream.hits) == 1


def test_a_sync_call_waits_for_the_end_of_a_hold_when_it_may(call, upstream, time):
    call("says", REFUSING | {"retry-after": "3"})
    assert call("says", {"status": "200"}, max_wait_ms=5_000)[0].status == 200
    assert len(upstream.hits) == 2


def test_a_reset_of_the_circuits_lifts_the_holds(call, acme, time):
    call("says", REFUSING | {"retry-after": "3600"})
    circuit_control.change(instance=runtime.by_ref("acme", CALLER), state="closed", caller=CALLER)
    assert call("says", {"status": "200"})[0].status == 200


@pytest.mark.parametrize("method", ["says", "says_apart"])
def test_a_reset_of_one_methods_circuit_lifts_what_holds_that_method(call, acme, time, method):
    call(method, REFUSING | {"retry-after": "3600"})
    circuit_control.change(
        instance=runtime.by_ref("acme", CALLER), state="closed", caller=CALLER, scope=method
    )
    assert call(method, {"status": "200"})[0].status == 200


def test_an_operator_sees_what_is_held_and_for_how_long(call, time):
    call("says", REFUSING)
    call("says_apart", REFUSING)
    time.advance(10)
    seen = circuit_control.overview(runtime.by_ref("acme", CALLER))["holds"]
    assert seen == [
        {"scope": "*", "kind": "refused", "retry_after": pytest.approx(20)},
        {"scope": "says_apart", "kind": "refused", "retry_after": pytest.approx(20)},
    ]
    time.advance(20)
    assert circuit_control.overview(runtime.by_ref("acme", CALLER))["holds"] == []


def test_the_page_of_an_instances_circuits_shows_what_is_held(call, acme, admin_client):
    call("says", REFUSING)
    call("says_apart", REFUSING)
    page = admin_client.get(reverse("admin:executor_execution_circuits", args=[acme.pk]))
    assert "No call is sent for 30 s" in page.content.decode()
    assert "No call of says_apart is sent for 30 s" in page.content.decode()
