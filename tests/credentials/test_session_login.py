"""A login is made once, its session reused until it ends, and a wrong password not tried again."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from credentials.choices import CredentialStatus
from credentials.models import Credential
from credentials.schemes.session_login import SessionLogin
from executor import services
from executor.calls import CallOptions
from integration_hub.access.caller import Caller
from integration_hub.coordination import revision
from integration_hub.lib import clock, jsonsafe
from tests.authorization_server import AuthorizationServer

pytestmark = pytest.mark.django_db
DATA = {"username": "hub", "password": "pass-word-9"}


@pytest.fixture
def server():
    revision.forget()
    made = AuthorizationServer().start()
    yield made
    made.stop()


@pytest.fixture
def calls(connect, put, server):
    """`calls({…entry})`: a call of an instance that logs in like this."""

    def ready(data=None, **entry):
        instance = connect(
            "desk",
            auth=[{"type": "session_login", **entry}],
            config={"base_url": f"{server.url}/api"},
        )
        put(instance, "session_login", data or DATA)

        def call():
            reply = services.execute(
                caller=Caller.command("tests"),
                instance_ref="desk",
                method="ping",
                parameters={},
                options=CallOptions(),
            )
            return reply.status, jsonsafe.loads(reply.body)

        return call

    return ready


def login(server, body, **headers) -> None:
    server.answer_next(200, body, headers=headers)


def logins(server) -> list[dict]:
    return [hit for hit in server.requests if hit["path"] == "/login"]


def test_a_token_is_taken_from_the_answer_and_used_again(calls, server):
    entry = {"path": f"{server.url}/login", "body": {"user": "{username}", "pass": "{password}"}}
    call = calls(request=entry, token_path="data.token", lifetime_seconds=600)
    login(server, {"data": {"token": server.issue()}})
    assert [call()[0] for _ in range(3)] == [200, 200, 200]
    (made,) = logins(server)
    assert json.loads(made["body"]) == {"user": "hub", "pass": "pass-word-9"}
    row = Credential.objects.get()
    assert row.token_expires_at - clock.now() < timedelta(seconds=601)


def test_a_session_that_died_is_logged_in_again_once(calls, server):
    call = calls(request={"path": f"{server.url}/login", "body": "form"}, token_path="token")
    login(server, {"token": server.issue()})
    assert call()[0] == 200
    server.kill_access()
    login(server, {"token": server.issue()})
    assert call()[0] == 200
    assert len(logins(server)) == 2
    assert logins(server)[0]["form"] == {"username": "hub", "password": "pass-word-9"}


def test_a_refused_login_is_not_made_again(calls, server):
    call = calls(request={"path": f"{server.url}/login"}, token_path="token")
    server.answer_next(401, {"error": "no"})
    status, body = call()
    assert (status, body["reason"]) == (502, "invalid_grant")
    assert call()[0] == 409
    assert len(logins(server)) == 1, "a locked account is the alternative"
    assert Credential.objects.get().status == CredentialStatus.EXPIRED


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (200, b"<html>", "not_json"),
        (200, b'{"token": ""}', "no_token"),
        (200, b"[1]", "no_token"),
        (200, b'{"token": {"a": 1}}', "bad_token"),
        (200, b'{"token": "a b"}', "bad_token"),
        (302, b"", "redirected"),
        (500, b"", "unavailable"),
    ],
)
def test_an_answer_that_gives_nothing_kills_nothing(calls, server, status, body, reason):
    call = calls(request={"path": f"{server.url}/login"}, token_path="token")
    for _ in range(3):
        server.answer_next(status, body)
    got, told = call()
    assert (got, told["reason"], told["retryable"]) == (502, reason, True)
    assert Credential.objects.get().status == CredentialStatus.ACTIVE


def test_a_cookie_is_the_session_for_as_long_as_it_says(calls, server):
    call = calls(request={"path": f"{server.url}/login"}, cookie="sid")
    login(server, b"", **{"Set-Cookie": "sid=abc123; Path=/; Max-Age=1200; HttpOnly"})
    call()
    row = Credential.objects.get()
    assert 1100 < (row.token_expires_at - clock.now()).total_seconds() <= 1200
    assert server.resources[-1]["Cookie"] == "sid=abc123"


def test_what_cannot_be_a_login_is_refused_when_it_is_loaded() -> None:
    faults = SessionLogin().check_options({"request": {"path": "/login"}})
    assert [fault.pointer for fault in faults] == ["/token_path"]
