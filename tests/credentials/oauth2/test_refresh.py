"""What is due is renewed before its use, once; what fails for a while kills nothing."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from credentials import runtime
from credentials.choices import CredentialStatus
from credentials.models import Credential
from integration_hub.egress.door import Deadline
from integration_hub.events.models import Event
from integration_hub.lib import clock, jsonsafe, pause
from registry import runtime as registry
from registry.choices import InstanceState
from tests.credentials.oauth2.conftest import CLIENT, put

pytestmark = pytest.mark.django_db

PAST = "2020-01-01T00:00:00Z"


def events(kind: str) -> list[dict]:
    return [jsonsafe.loads(row.data) for row in Event.objects.filter(type=kind)]


def test_the_first_call_fetches_a_token_and_the_next_one_uses_it(shop, call, server, stored):
    shop({}, grant="client_credentials")
    assert [call()[0].status for _ in range(3)] == [200, 200, 200]
    assert server.counts["token"] == 1
    row, data = stored()
    assert row.token_expires_at > clock.now() + timedelta(minutes=59)
    assert row.refresh_at == row.token_expires_at - timedelta(seconds=60)
    assert data["client_secret"] == CLIENT["client_secret"]


def test_a_token_that_has_ended_is_renewed_and_the_new_refresh_token_kept(
    shop, call, server, stored
):
    old = server.grant()
    shop({"access_token": "at-old", "refresh_token": old, "expires_at": PAST})
    assert call()[0].status == 200
    row, data = stored()
    assert data["refresh_token"] not in ("", old)
    assert (row.revision, row.refresh_owner) == (2, "")
    server.kill_access()
    Credential.objects.update(refresh_at=clock.now())
    runtime._rows.clear()
    assert call()[0].status == 200, "with the refresh token of the second answer"
    assert server.counts["reuse"] == 0


def test_what_is_not_due_costs_no_query(shop, call, django_assert_num_queries):
    instance = shop({}, grant="client_credentials")
    call()
    found = registry.by_id(instance.pk)
    runtime.use_for(found)
    with CaptureQueriesContext(connection) as captured:
        runtime.use_for(found)
    assert all("coordination_revision" in item["sql"] for item in captured.captured_queries)
    assert len(captured.captured_queries) <= 1


def test_of_a_short_life_a_quarter_is_the_margin(shop, call, server, stored):
    server.lifetime = 40
    shop({}, grant="client_credentials")
    call()
    call()
    row, _ = stored()
    assert server.counts["token"] == 1
    margin = (row.token_expires_at - row.refresh_at).total_seconds()
    assert margin == pytest.approx(10, abs=0.1)


def test_a_provider_that_fails_twice_is_asked_a_third_time_at_once(shop, call, server):
    shop({}, grant="client_credentials")
    for _ in range(2):
        server.answer_next(503, b"")
    assert call()[0].status == 200
    assert server.counts["token"] == 3


def test_a_failure_that_passes_leaves_the_endpoint_alone_and_kills_nothing(
    shop, call, server, stored
):
    shop({"access_token": "at-old", "refresh_token": server.grant(), "expires_at": PAST})
    for _ in range(3):
        server.answer_next(503, b"")
    reply, body = call()
    assert (reply.status, body["code"], body["retryable"]) == (502, "AUTH_ERROR", True)
    assert body["reason"] == "unavailable"
    reply, body = call()
    assert 0 < body["retry_after"] <= 30
    assert server.counts["token"] == 3, "nothing is asked while it cools down"
    row, _ = stored()
    assert (row.status, row.strikes) == (CredentialStatus.ACTIVE, 1)
    assert row.instance.state == InstanceState.DISCONNECTED
    assert events("integration.auth.failed") == []
    Credential.objects.update(retry_at=None)
    assert call()[0].status == 200


def test_a_renewal_that_fails_early_does_no_harm_yet(shop, call, server):
    soon = clock.rfc3339(clock.now() + timedelta(seconds=30))
    token = server.issue()
    shop({"access_token": token, "refresh_token": server.grant(), "expires_at": soon})
    for _ in range(3):
        server.answer_next(503, b"")
    assert call()[0].status == 200


def test_a_dead_grant_is_told_once_and_nobody_is_asked_again(shop, call, server, stored):
    instance = shop({"access_token": "x", "refresh_token": server.grant(), "expires_at": PAST})
    server.revoke()
    reply, body = call()
    assert (reply.status, body["reason"]) == (502, "invalid_grant")
    for _ in range(3):
        reply, body = call()
        assert (reply.status, body["code"]) == (409, "INSTANCE_NOT_READY")
    assert server.counts["token"] == 1
    (told,) = events("integration.auth.failed")
    assert told["reason"] == "needs_reauth"
    row, _ = stored()
    assert row.status == CredentialStatus.EXPIRED
    instance.refresh_from_db()
    assert instance.state == InstanceState.AUTH_ERROR
    put(instance, {"refresh_token": server.grant("again")})
    assert call()[0].status == 200


def test_a_wrong_secret_is_told_and_the_connection_lives(shop, call, server, stored):
    shop({"client_secret": "wrong"}, grant="client_credentials")
    reply, body = call()
    assert (reply.status, body["reason"]) == (502, "invalid_client")
    assert stored()[0].status == CredentialStatus.ACTIVE


def test_no_token_stands_in_a_log_an_event_or_an_answer(shop, call, server, stored, caplog):
    shop({}, grant="client_credentials")
    _, body = call()
    _, data = stored()
    shown = f"{body} {caplog.text} {[event.data for event in Event.objects.all()]}"
    assert data["access_token"] not in shown


@pytest.mark.django_db(transaction=True)
def test_fifty_threads_with_an_ended_token_ask_once(shop, call, server):
    server.delay = 0.5
    shop({"access_token": "x", "refresh_token": server.grant(), "expires_at": PAST})
    barrier = threading.Barrier(20)

    def one(_):
        barrier.wait(10)
        try:
            return call()[0].status
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(one, range(20))) == {200}
    assert (server.counts["token"], server.counts["reuse"]) == (1, 0)


@pytest.mark.django_db(transaction=True)
def test_a_late_answer_does_not_overwrite_a_new_credential(shop, call, server, stored):
    instance = shop({"access_token": "x", "refresh_token": server.grant(), "expires_at": PAST})
    new = server.grant("other")

    def meanwhile():
        if Credential.objects.get().revision == 1:
            put(instance, {"access_token": server.issue("other"), "refresh_token": new})

    with pause.at("refresh-answered", meanwhile):
        assert call()[0].status == 200
    row, data = stored()
    assert (data["refresh_token"], row.revision) == (new, 2)


@pytest.mark.django_db(transaction=True)
def test_a_caller_without_time_goes_and_the_answer_is_kept(shop, call, server, stored):
    server.delay = 0.8
    old = server.grant()
    shop({"access_token": "x", "refresh_token": old, "expires_at": PAST})
    reply, body = call(timeout_ms=300)
    assert (reply.status, body["code"]) == (504, "TIMEOUT_ERROR")
    for thread in threading.enumerate():
        if thread.name == "refresh":
            thread.join(5)
    row, data = stored()
    assert data["refresh_token"] != old, "what the provider rotated is not lost"
    assert (row.revision, row.refresh_until) == (2, None)


def test_a_claim_that_nobody_ended_is_taken_over(shop, call, server):
    shop({"access_token": "x", "refresh_token": server.grant(), "expires_at": PAST})
    Credential.objects.update(
        refresh_owner="gone", refresh_until=clock.now() - timedelta(seconds=1)
    )
    assert call()[0].status == 200


def test_who_waits_for_another_host_ends_with_its_own_deadline(shop, server):
    instance = shop({"access_token": "x", "refresh_token": server.grant(), "expires_at": PAST})
    Credential.objects.update(
        refresh_owner="other host", refresh_until=clock.now() + timedelta(seconds=20)
    )
    with pytest.raises(Exception, match="deadline"):
        runtime.use_for(registry.by_id(instance.pk), Deadline(0.3))
    assert server.counts["token"] == 0


def test_a_value_that_stands_for_another_stays_a_reference() -> None:
    from credentials.refresh_rows import merged  # noqa: PLC0415 - beside its only use

    stored = {"client_secret": {"ref": "env:X"}, "refresh_token": "old"}
    opened = {"client_secret": "clear", "refresh_token": "old"}
    new = {"client_secret": "clear", "refresh_token": "new", "access_token": "a"}
    assert merged(stored, opened, new) == {
        "client_secret": {"ref": "env:X"}, "refresh_token": "new", "access_token": "a",
    }  # fmt: skip
