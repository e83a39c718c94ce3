"""Whose a key is, what a key may be, and what a crash leaves of it (promises 9 to 12)."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from executor.choices import ExecutionStatus
from executor.models import Execution, IdempotencyRecord
from integration_hub.access import services as access
from integration_hub.access.caller import Caller
from integration_hub.access.models import Token
from integration_hub.coordination import dbtime, revision
from integration_hub.lib import clock, errors, pause
from registry import services as registry

PATH = "/api/v1/instances/acme/methods/{}/execute"
SECRET_ANSWER = "seen-by-the-first-alone"
HOSTILE = [
    "",
    "x" * 300,
    "a\nb",
    "a\rb",
    "a\tb",
    "a\x00b",
    "\x7f",
    "café",
    "ключ",
    "\u202e",
    "\xa0",
]
CRASHES = 50


def post(client, method="create_contact", key="k", body=None, **more):
    sent = {"parameters": {"note": SECRET_ANSWER} if body is None else body, **more}
    return client.post(PATH.format(method), sent, format="json", HTTP_IDEMPOTENCY_KEY=key)


@pytest.mark.parametrize("key", HOSTILE)
def test_a_hostile_key_is_refused_over_http_and_leaves_nothing(api, acme, upstream, key):
    answer = post(api("execute"), key=key)
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR")
    assert not Execution.objects.exists()
    assert upstream.hits == []


@pytest.mark.parametrize(("seconds", "calls"), [(23 * 3600 + 59 * 60, 1), (24 * 3600 + 60, 2)])
def test_a_key_is_kept_for_a_day_and_no_longer(call, fake_clock, upstream, seconds, calls):
    call("create_contact", key="k")
    fake_clock.advance(seconds)
    again, _ = call("create_contact", key="k")
    assert len(upstream.hits) == calls
    assert ("Idempotency-Replayed" in again.headers) == (calls == 1)


# --- whose it is: 40 cases ------------------------------------------------------
METHODS = ("create_contact", "create_keyed", "ping", "private", "post_status")
OTHERS = {
    "another token": {},
    "another tenant": {"contexts": ["client:8"]},
    "another instance alone": {"instances": ["other"]},
    "an own instance and a foreign tenant": {"instances": ["acme"], "contexts": ["user:1"]},
}
LOSSES = {
    "its instances were narrowed": {"instances": ["other"]},
    "its contexts were narrowed": {"contexts": ["client:8"]},
    "both were": {"instances": ["other"], "contexts": ["client:8"]},
    "to a user": {"contexts": ["user:1"]},
}
BODIES = {"post_status": {"code": "404", "note": SECRET_ANSWER}}


def body_of(method):
    return BODIES.get(method, {"note": SECRET_ANSWER})


@pytest.mark.parametrize(("method", "who"), [*itertools.product(METHODS, OTHERS)])
def test_a_key_shows_no_one_elses_answer(api, acme, method, who):
    first = post(api("execute"), method, body=body_of(method)).json()
    answer = post(api("execute", **OTHERS[who]), method, body={**body_of(method), "mine": 1})
    assert "Idempotency-Replayed" not in answer.headers
    assert str(first["execution_id"]) not in answer.content.decode()
    if OTHERS[who]:
        assert answer.status_code == 404
        assert SECRET_ANSWER not in answer.content.decode()


@pytest.mark.parametrize(("method", "loss"), [*itertools.product(METHODS, LOSSES)])
def test_who_lost_the_right_gets_404_and_not_the_answer(api, acme, upstream, method, loss):
    client = api("execute")
    post(client, method, body=body_of(method))
    Token.objects.update(**LOSSES[loss])
    revision.bump("access")
    revision.forget()
    answer = post(client, method, body=body_of(method))
    assert (answer.status_code, answer.json()["code"]) == (404, "INSTANCE_NOT_FOUND")
    assert SECRET_ANSWER not in answer.content.decode()
    assert len(upstream.hits) == 1


def test_a_revoked_token_gets_nothing_of_its_old_answer(api, acme):
    client = api("execute")
    post(client)
    access.revoke_token(token=Token.objects.get(), actor="tests")
    assert post(client).status_code == 401


def test_another_instance_is_another_key(api, acme, upstream):
    registry.create_instance(
        definition="acme@1.0.0", slug="second", actor="tests", config={"base_url": upstream.url}
    )
    client = api("execute")
    post(client)
    address = PATH.replace("acme", "second").format("create_contact")
    answer = client.post(address, {"parameters": {}}, format="json", HTTP_IDEMPOTENCY_KEY="k")
    assert "Idempotency-Replayed" not in answer.headers


# --- crashes: 100 of 100 ----------------------------------------------------------
class Killed(BaseException):
    """What a SIGKILL leaves: nothing is cleaned up."""


def _kill():
    raise Killed


@pytest.mark.parametrize("point", ["before-insert", "after-insert", "after-call", "before-settle"])
def test_a_crashed_request_leaves_its_key_neither_lost_nor_stuck(call, point):
    """25 keys a point, safe and unsafe: one execution each, and an answer after the lease."""
    for number in range(CRASHES // 2):
        key = f"{point}-{number}"
        method = "ping" if number % 2 else "create_contact"
        with pause.at(point, _kill), pytest.raises(Killed):
            call(method, key=key)
        Execution.objects.filter(status=ExecutionStatus.EXECUTING).update(
            lease_until=dbtime.now() - timedelta(seconds=1)
        )
        reply, _ = call(method, key=key)
        again, _ = call(method, key=key)
        assert reply.status in (200, 502)
        assert again.body == reply.body
    assert Execution.objects.count() == IdempotencyRecord.objects.count() == CRASHES // 2
    assert not Execution.objects.active().exists()


def test_an_answer_that_was_lost_on_its_way_is_there_for_the_next(call, upstream):
    """The process dies between commit and answer: nothing is left but the stored answer."""
    first, _ = call("create_contact", key="k")
    again, _ = call("create_contact", key="k")
    assert again.body == first.body
    assert len(upstream.hits) == 1


def test_an_expired_key_of_a_running_call_is_not_free(call, fake_clock):
    with pause.at("after-insert", _kill), pytest.raises(Killed):
        call("ping", key="k")
    IdempotencyRecord.objects.update(created_at=clock.now() - timedelta(days=3))
    with pytest.raises(errors.IdempotencyInProgress):
        call("ping", key="k")
    assert Caller.command("tests").owner == IdempotencyRecord.objects.get().owner
