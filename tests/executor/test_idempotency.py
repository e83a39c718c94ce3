"""One key, one execution, one answer (contract "Idempotency.", promises 9 to 12)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from executor.choices import ExecutionStatus, Mode
from executor.models import Execution, IdempotencyRecord
from integration_hub.access.caller import Caller
from integration_hub.coordination import dbtime
from integration_hub.lib import errors, pause
from registry import services as registry


class Killed(BaseException):
    """What a SIGKILL leaves: nothing is cleaned up."""


def kill():
    raise Killed


def dead(point, call, method, parameters=None, **options):
    """Run a call whose process dies at a named point, and end its lease."""
    with pause.at(point, kill), pytest.raises(Killed):
        call(method, parameters, **options)
    Execution.objects.filter(status=ExecutionStatus.EXECUTING).update(
        lease_until=dbtime.now() - timedelta(seconds=1)
    )


def test_a_repetition_gets_the_first_answer_byte_for_byte_and_nothing_is_sent_again(call, upstream):
    first, _ = call("create_contact", {"a": 1}, key="k")
    second, _ = call("create_contact", {"a": 1}, key="k")
    assert second.body == first.body
    assert second.status == first.status
    assert second.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert len(upstream.hits) == 1
    assert Execution.objects.count() == 1


def test_equal_json_is_the_same_body_whatever_its_spelling(call, upstream):
    call("create_contact", {"a": 1, "b": {"c": 1.0}}, key="k")
    call("create_contact", {"b": {"c": 1}, "a": 1}, key="k")
    assert len(upstream.hits) == 1


@pytest.mark.parametrize("other", [{"a": 2}, {"a": True}, {"a": "1"}, {}])
def test_the_same_key_with_another_body_is_refused(call, other):
    call("create_contact", {"a": 1}, key="k")
    with pytest.raises(errors.IdempotencyKeyReused):
        call("create_contact", other, key="k")


def test_failures_and_unknown_outcomes_are_kept_too(call, upstream):
    first, _ = call("reset_post", key="k")
    second, _ = call("reset_post", key="k")
    assert second.body == first.body
    assert second.headers["Content-Type"] == "application/problem+json"
    assert len(upstream.hits) == 1


def test_a_rejected_call_frees_its_key(call, upstream):
    with pytest.raises(errors.ValidationFailed):
        call("get_contact", {}, key="k")
    assert call("get_contact", {"id": "1"}, key="k")[0].status == 200


def test_a_call_that_a_limit_rejected_frees_its_key(call):
    call("limited")
    assert call("limited", key="k")[0].status == 429
    assert not IdempotencyRecord.objects.exists()


def test_keys_of_other_callers_and_methods_are_other_keys(call, upstream):
    other = Caller(owner="token:other", scopes=frozenset({"execute"}))
    call("create_contact", {"a": 1}, key="k")
    call("create_contact", {"a": 2}, key="k", caller=other)
    call("create_keyed", {"a": 3}, key="k")
    assert len(upstream.hits) == 3


def test_who_lost_the_right_gets_404(call):
    right = Caller(owner="token:t", scopes=frozenset({"execute"}))
    call("create_contact", key="k", caller=right)
    lost = Caller(owner="token:t", scopes=frozenset({"execute"}), instances=frozenset({"x"}))
    with pytest.raises(errors.InstanceNotFound):
        call("create_contact", key="k", caller=lost)


def test_an_async_key_replays_its_202_at_once(call):
    first, _ = call("ping", key="k", mode=Mode.ASYNC)
    second, _ = call("ping", key="k", mode=Mode.ASYNC)
    assert first.status == second.status == 202
    assert second.body == first.body
    assert second.headers["Location"] == first.headers["Location"]
    assert Execution.objects.count() == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "a\nb", "a\x00b", "café", "\x7f"])
def test_a_key_that_is_no_key_is_refused(call, key):
    with pytest.raises(errors.ValidationFailed):
        call("ping", key=key)
    assert not Execution.objects.exists()


@pytest.mark.parametrize("key", ["x" * 255, " ", "a key/with: signs"])
def test_any_printable_key_of_up_to_255_characters_works(call, key):
    assert call("ping", key=key)[0].status == 200


def test_while_the_first_runs_the_second_is_told_to_come_back(call):
    answers = []

    def meanwhile():
        with pytest.raises(errors.IdempotencyInProgress) as refusal:
            call("create_contact", key="k")
        answers.append(refusal.value)

    with pause.at("before-settle", meanwhile):
        call("create_contact", key="k")
    (answer,) = answers
    assert answer.retry_after > 0
    assert answer.retryable


@pytest.mark.parametrize("point", ["after-insert", "after-call", "before-settle"])
def test_the_key_of_a_dead_safe_call_is_taken_over_and_answered(call, point):
    dead(point, call, "ping", key="k")
    reply, body = call("ping", key="k")
    assert reply.status == 200
    row = Execution.objects.get()
    assert str(row.pk) == body["execution_id"]
    assert row.attempts == 2
    again, _ = call("ping", key="k")
    assert again.body == reply.body


@pytest.mark.parametrize("point", ["after-insert", "after-call", "before-settle"])
def test_the_key_of_a_dead_unsafe_call_answers_that_its_outcome_is_unknown(call, upstream, point):
    dead(point, call, "create_contact", key="k")
    sent = len(upstream.hits)
    reply, body = call("create_contact", key="k")
    assert (reply.status, body["code"], body["retryable"]) == (502, "CONNECTION_ERROR", False)
    assert Execution.objects.get().status == ExecutionStatus.OUTCOME_UNKNOWN
    assert len(upstream.hits) == sent
    assert call("create_contact", key="k")[0].body == reply.body


def test_a_dead_call_whose_lease_still_runs_is_in_progress(call):
    with pause.at("after-insert", kill), pytest.raises(Killed):
        call("ping", key="k")
    with pytest.raises(errors.IdempotencyInProgress):
        call("ping", key="k")


def test_an_expired_key_is_free_again(call, upstream):
    call("create_contact", {"a": 1}, key="k")
    IdempotencyRecord.objects.update(created_at=dbtime.now() - timedelta(hours=24, minutes=1))
    call("create_contact", {"a": 2}, key="k")
    assert len(upstream.hits) == 2


def test_an_answer_stays_valid_when_the_instance_is_disabled_meanwhile(call, acme):

    first, _ = call("create_contact", key="k")
    registry.disable_instance(instance=acme, actor="tests")
    assert call("create_contact", key="k")[0].body == first.body


def test_the_stored_answer_is_sealed(call):
    call("create_contact", {"email": "someone@example.com"}, key="k")
    record = IdempotencyRecord.objects.get()
    assert b"someone" not in record.body.token
    assert "someone" in record.body.open(record)
