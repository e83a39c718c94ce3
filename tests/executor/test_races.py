"""Races that are forced, and rollbacks (promises 2, 9 and 10)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from django_q.models import OrmQ
from rest_framework.test import APIClient

from executor.choices import ExecutionStatus, Mode
from executor.models import Execution, IdempotencyRecord
from integration_hub.lib import errors, pause

PATH = "/api/v1/instances/acme/methods/create_contact/execute"
CALLERS = 50
KEYS = [f"key-{number}" for number in range(20)]


class RolledBack(Exception):
    pass


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_after_it_was_accepted_never_runs(call, upstream):
    @transaction.atomic
    def accept_and_fail():
        call("ping", mode=Mode.ASYNC)
        raise RolledBack

    for _ in range(100):
        with pytest.raises(RolledBack):
            accept_and_fail()
    assert not Execution.objects.exists()
    assert not OrmQ.objects.exists()
    assert upstream.hits == []


@pytest.mark.django_db(transaction=True)
def test_what_was_accepted_is_due_even_when_the_hint_to_the_queue_failed(call):
    def refuse():
        raise RolledBack

    @transaction.atomic
    def accept():
        transaction.on_commit(refuse)
        call("ping", mode=Mode.ASYNC)

    for _ in range(10):
        with pytest.raises(RolledBack):
            accept()
    assert Execution.objects.due().count() == 10


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_fifty_concurrent_posts_with_one_key_make_one_call_for_each_of_twenty_keys(
    make_token, acme, upstream
):
    token = make_token("execute")
    start = threading.Barrier(CALLERS)

    def post(client, key: str):
        return client.post(
            PATH, {"parameters": {"key": key}}, format="json", HTTP_IDEMPOTENCY_KEY=key
        )

    def post_all(_: int):
        client = APIClient(HTTP_AUTHORIZATION=f"Bearer {token}")
        try:
            told = []
            for key in KEYS:
                start.wait(30)
                answer = post(client, key)
                told.append((answer.status_code, answer.content, answer.headers.get("Retry-After")))
            return told
        finally:
            connection.close()

    with ThreadPoolExecutor(CALLERS) as pool:
        by_caller = list(pool.map(post_all, range(CALLERS)))
    assert len(upstream.hits) == Execution.objects.count() == len(KEYS)
    for key, answers in zip(KEYS, zip(*by_caller, strict=True), strict=True):
        assert {status for status, _, _ in answers} <= {200, 409}
        first = {body for status, body, _ in answers if status == 200}
        assert len(first) == 1
        assert all(wait for status, _, wait in answers if status == 409)
        client = APIClient(HTTP_AUTHORIZATION=f"Bearer {token}")
        assert post(client, key).content in first


@pytest.mark.django_db(transaction=True)
def test_two_requests_that_find_the_same_dead_call_run_it_once(call, upstream):
    """The second one looks while the first is just about to take the dead call over."""

    def die():
        raise SystemExit

    with pause.at("after-insert", die), pytest.raises(SystemExit):
        call("ping", key="k")
    Execution.objects.update(lease_until="2020-01-01T00:00:00Z")
    seen = []

    def second():
        try:
            seen.append(call("ping", key="k")[0].status)
        except errors.IdempotencyInProgress as error:
            seen.append(error.code)

    def interleave():
        pause._points.pop("before-take-over")
        second()

    with pause.at("before-take-over", interleave):
        second()
    assert len(upstream.hits) == 1
    assert set(seen) == {200}
    assert Execution.objects.get().status == ExecutionStatus.COMPLETED


@pytest.mark.django_db(transaction=True)
def test_a_key_that_is_freed_between_insert_and_look_is_taken(call, upstream):
    call("create_contact", {"a": 1}, key="k")

    def free():
        IdempotencyRecord.objects.all().delete()

    with pause.at("before-find", free):
        reply, _ = call("create_contact", {"a": 1}, key="k")
    assert reply.status == 200
    assert "Idempotency-Replayed" not in reply.headers
    assert len(upstream.hits) == 2
