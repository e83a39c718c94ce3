"""A refused credential: at most one forced refresh and one repeat, as the definition says."""

from __future__ import annotations

import pytest

from credentials.choices import CredentialStatus
from credentials.models import Credential
from registry.document import parse_definition
from tests.credentials.oauth2.test_refresh import events

pytestmark = pytest.mark.django_db


def test_a_token_that_died_early_is_renewed_and_the_call_made_once_more(shop, call, server):
    shop({}, grant="client_credentials")
    call()
    server.kill_access()
    reply, body = call()
    assert (reply.status, body["attempts"]) == (200, 2)
    assert (server.counts["token"], server.counts["api"]) == (2, 3)


def test_so_is_a_call_that_is_not_safe_to_repeat(shop, call, server):
    shop({}, grant="client_credentials")
    call()
    server.kill_access()
    assert call("write")[0].status == 200
    assert server.counts["api 401"] == 1


def test_a_system_that_always_refuses_gets_two_calls_and_one_refresh(shop, call, server):
    shop({}, grant="client_credentials")
    server.issue()
    call()
    server.always_401 = True
    before = server.counts.copy()
    reply, body = call()
    assert (reply.status, body["code"], body["retryable"]) == (502, "AUTH_ERROR", False)
    assert server.counts["api"] - before["api"] == 2
    assert server.counts["token"] - before["token"] == 1
    before = server.counts.copy()
    for _ in range(5):
        assert call()[0].status == 502
    assert server.counts["token"] == before["token"], "and none for a while after it"


def test_where_a_refresh_is_not_possible_a_401_is_final(shop, call, server):
    shop({"access_token": "dead"}, grant="authorization_code")
    reply, body = call()
    assert (reply.status, body["code"]) == (502, "AUTH_ERROR")
    assert (server.counts["api"], server.counts["token"]) == (1, 0)


@pytest.mark.parametrize(
    ("rule", "status"),
    [
        ({"status": [401], "outcome": "needs_reauth"}, CredentialStatus.EXPIRED),
        ({"body": "error == 'invalid_token'", "outcome": "needs_reauth"}, "expired"),
        ({"body": "inv[a-z]+_token", "outcome": "needs_reauth"}, "expired"),
        ({"www_authenticate": 'error="invalid_t', "outcome": "needs_reauth"}, "expired"),
        ({"status": [401], "outcome": "permission"}, "active"),
        ({"status": [402], "outcome": "needs_reauth"}, "active"),
        ({"body": "error == 'other'", "outcome": "needs_reauth"}, "active"),
    ],
)
def test_the_definition_says_what_a_refusal_means(shop, call, server, rule, status):
    shop({"access_token": "dead"}, grant="authorization_code", errors=[rule])
    assert call()[0].status == 502
    assert Credential.objects.get().status == status
    assert len(events("integration.auth.failed")) == 1
    assert server.counts["token"] == 0


def test_a_refusal_in_a_good_status_is_seen_where_a_rule_says_so(shop, call, server):
    rule = {"body": "ok", "outcome": "needs_reauth"}
    shop({"access_token": server.issue()}, grant="authorization_code", errors=[rule])
    reply, body = call()
    assert (reply.status, body["code"]) == (502, "AUTH_ERROR")
    assert Credential.objects.get().status == CredentialStatus.EXPIRED


def test_a_transient_refusal_is_tried_again_as_other_failures_are(shop, call, server):
    rule = {"status": [401], "outcome": "transient"}
    methods = {
        "read": {
            "http": {"method": "GET", "path": "/api/read"},
            "retry": {"max_attempts": 3, "initial_delay_ms": 1},
        }
    }
    shop({"access_token": "dead"}, grant="authorization_code", errors=[rule], methods=methods)
    reply, body = call()
    assert (reply.status, body["code"], server.counts["api"]) == (502, "INTEGRATION_ERROR", 3)


@pytest.mark.parametrize(
    ("rule", "pointer"),
    [
        ({"status": [401], "outcome": "again"}, "/auth/0/errors/0/outcome"),
        ({"outcome": "transient"}, "/auth/0/errors/0"),
        ({"body": "a[", "outcome": "transient"}, "/auth/0/errors/0/body"),
        ({"www_authenticate": "(?=a)", "outcome": "transient"}, "/auth/0/errors/0/www_authentic"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_when_it_is_loaded(rule, pointer):
    document = {
        "slug": "shop",
        "name": "Shop",
        "version": "1.0.0",
        "type": "http",
        "auth": [{"type": "bearer", "errors": [rule]}],
        "methods": {"read": {"http": {"method": "GET", "path": "/"}}},
    }
    with pytest.raises(Exception) as caught:
        parse_definition(document)
    assert any(fault.pointer.startswith(pointer) for fault in caught.value.errors)
