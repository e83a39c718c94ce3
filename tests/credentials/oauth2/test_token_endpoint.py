"""One token request: who asks, what for, and what every bad answer ends as."""

from __future__ import annotations

import pytest

from credentials.choices import Acquisition, Reason
from credentials.errors import NotAcquired
from credentials.oauth2.grants import form_of
from credentials.oauth2.settings import OAuthSettings
from credentials.oauth2.token_answer import LONGEST_LIFETIME, TokenAnswer
from credentials.oauth2.token_endpoint import request_token
from integration_hub.egress.door import Deadline
from tests.credentials.oauth2.conftest import SECRET

CANARY = "canary7Kq2token"
DATA = {"client_id": "hub", "client_secret": SECRET}


@pytest.fixture
def ask(server):
    """`ask(data, grant=…)`: one token request with these settings."""

    def make(data=None, *, seconds: float = 5.0, **members) -> TokenAnswer:
        members.setdefault("grant", "client_credentials")
        members.setdefault("token_url", server.token_url)
        settings = OAuthSettings(**members, hosts=("127.0.0.1",))
        given = DATA if data is None else data
        form = form_of(settings, given)
        return request_token(settings=settings, data=given, form=form, deadline=Deadline(seconds))

    return make


def test_a_client_gets_a_token_with_its_secret_form_encoded(ask, server) -> None:
    answer = ask()
    assert server.is_live(f"Bearer {answer.access_token}")
    assert answer.expires_in == 3600
    assert answer.access_token not in repr(answer)


def test_no_client_secret_stands_in_a_url(ask, server) -> None:
    ask()
    server.clients["hub"].method = "client_secret_post"
    ask(client_auth="client_secret_post")
    assert [hit["path"] for hit in server.requests] == ["/token", "/token"]
    assert server.requests[1]["form"]["client_secret"] == SECRET


def test_what_a_token_is_for_is_said(ask, server) -> None:
    ask(
        scopes=("read", "write"),
        resource=("https://api.acme.example",),
        audience="acme",
        extra_params={"tenant": "t1"},
    )
    form = server.requests[0]["form"]
    assert (form["scope"], form["resource"]) == ("read write", "https://api.acme.example")
    assert (form["audience"], form["tenant"]) == ("acme", "t1")


def test_a_client_that_signs_is_believed_and_its_assertions_are_never_the_same(
    ask, server, key_pair
) -> None:
    private, public = key_pair
    server.add_client("signer", method="private_key_jwt", public_key=public)
    for _ in range(3):
        ask({"client_id": "signer", "private_key": private}, client_auth="private_key_jwt")
    assert server.counts["assertion replays"] == 0
    assertions = [hit["form"]["client_assertion"] for hit in server.requests]
    assert len(set(assertions)) == 3


def test_a_signed_grant_is_exchanged_for_a_token(ask, server, key_pair) -> None:
    private, public = key_pair
    server.add_client("robot", method="none", public_key=public)
    answer = ask({"issuer": "robot", "private_key": private}, grant="jwt_bearer")
    assert server.is_live(f"Bearer {answer.access_token}")


def test_a_refresh_token_is_exchanged_and_the_new_one_is_told(ask, server) -> None:
    old = server.grant()
    answer = ask({**DATA, "refresh_token": old}, grant="authorization_code")
    assert answer.refresh_token.startswith("rt-")
    assert answer.refresh_token != old


def test_without_a_refresh_token_a_person_is_needed_and_nobody_is_asked(ask, server) -> None:
    with pytest.raises(NotAcquired) as caught:
        ask(DATA, grant="authorization_code")
    assert (caught.value.reason, caught.value.sent) == (Reason.REAUTH_NEEDED, False)
    assert server.requests == []


GOOD = {"access_token": CANARY, "token_type": "Bearer", "expires_in": 60}
MALFORMED = [
    (b"<html>Sign in " + CANARY.encode(), "text/html", Reason.IS_HTML),
    (b" <!doctype html>", "application/json", Reason.IS_HTML),
    (b"access_token=" + CANARY.encode(), "application/x-www-form-urlencoded", Reason.NOT_JSON),
    (b"", "application/json", Reason.NOT_JSON),
    (b'{"access_token": "' + CANARY.encode(), "application/json", Reason.NOT_JSON),
    (b'{"access_token": "a", "access_token": "b"}', "application/json", Reason.NOT_JSON),
    (b'{"access_token": "\xff\xfe"}', "application/json", Reason.NOT_JSON),
    (b'{"expires_in": NaN}', "application/json", Reason.NOT_JSON),
    ([CANARY], "application/json", Reason.NOT_AN_OBJECT),
    (CANARY, "application/json", Reason.NOT_AN_OBJECT),
    (None, "application/json", Reason.NOT_AN_OBJECT),
    ({"token_type": "Bearer"}, "application/json", Reason.NO_TOKEN),
    (GOOD | {"access_token": ""}, "application/json", Reason.NO_TOKEN),
    (GOOD | {"access_token": None}, "application/json", Reason.NO_TOKEN),
    (GOOD | {"access_token": [CANARY]}, "application/json", Reason.BAD_TOKEN),
    (GOOD | {"access_token": 7}, "application/json", Reason.BAD_TOKEN),
    (GOOD | {"access_token": f"{CANARY}\r\nX: y"}, "application/json", Reason.BAD_TOKEN),
    (GOOD | {"access_token": f"{CANARY} ü"}, "application/json", Reason.BAD_TOKEN),
    (GOOD | {"access_token": CANARY * 1000}, "application/json", Reason.BAD_TOKEN),
    ({"access_token": CANARY}, "application/json", Reason.NO_TOKEN_TYPE),
    (GOOD | {"token_type": "mac"}, "application/json", Reason.BAD_TOKEN_TYPE),
    (GOOD | {"token_type": {"a": CANARY}}, "application/json", Reason.BAD_TOKEN_TYPE),
    (GOOD | {"expires_in": "soon"}, "application/json", Reason.BAD_EXPIRY),
    (GOOD | {"expires_in": -1}, "application/json", Reason.BAD_EXPIRY),
    (GOOD | {"expires_in": 0}, "application/json", Reason.BAD_EXPIRY),
    (GOOD | {"expires_in": True}, "application/json", Reason.BAD_EXPIRY),
    (GOOD | {"expires_in": [60]}, "application/json", Reason.BAD_EXPIRY),
    (GOOD | {"refresh_token": 1}, "application/json", Reason.BAD_REFRESH_TOKEN),
    (GOOD | {"refresh_token": f"{CANARY}\n"}, "application/json", Reason.BAD_REFRESH_TOKEN),
    (GOOD | {"scope": {"a": CANARY}}, "application/json", Reason.BAD_SCOPE),
    ({"error": "invalid_grant"} | GOOD, "application/json", Reason.INVALID_GRANT),
    ({"error": CANARY, "error_description": CANARY}, "application/json", Reason.UNKNOWN_ERROR),
    ({"error": {"a": CANARY}}, "application/json", Reason.UNKNOWN_ERROR),
]


@pytest.mark.parametrize(("body", "kind", "reason"), MALFORMED)
def test_a_malformed_answer_has_a_name_and_a_remedy_and_is_never_quoted(
    ask, server, caplog, body, kind, reason
) -> None:
    server.answer_next(200, body, kind=kind)
    with pytest.raises(NotAcquired) as caught:
        ask()
    assert caught.value.reason == reason
    assert ":" in caught.value.detail or ";" in caught.value.detail, "it says what to do"
    assert "canary" not in f"{caught.value.detail} {caught.value!r} {caplog.text}"
    assert "canary" not in str(caught.value.as_error("acme").extra)


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (302, b"", Reason.REDIRECTED),
        (307, b"", Reason.REDIRECTED),
        (400, {"error": "invalid_grant", "error_description": CANARY}, Reason.INVALID_GRANT),
        (400, {"error": "invalid_scope"}, Reason.INVALID_SCOPE),
        (400, b"<html>" + CANARY.encode(), Reason.UNKNOWN_ERROR),
        (401, {"error": "invalid_client"}, Reason.INVALID_CLIENT),
        (401, b"", Reason.INVALID_CLIENT),
        (429, b"", Reason.UNAVAILABLE),
        (500, {"error": "server_error"}, Reason.UNAVAILABLE),
        (503, b"[" * 500, Reason.UNAVAILABLE),
    ],
)
def test_a_refusal_is_told_by_its_name_else_by_its_status(
    ask, server, status, body, reason
) -> None:
    server.answer_next(status, body, headers={"Location": f"{server.url}/elsewhere"})
    with pytest.raises(NotAcquired) as caught:
        ask()
    assert (caught.value.reason, caught.value.status) == (reason, status)
    assert "canary" not in caught.value.detail
    assert len(server.requests) == 1, "a redirect is not followed"


def test_an_answer_without_end_is_not_read(ask, server) -> None:
    server.answer_next(200, b" " * 5 * 1024 * 1024)
    with pytest.raises(NotAcquired) as caught:
        ask()
    assert caught.value.reason == Reason.TOO_LARGE


def test_a_slow_answer_ends_with_the_deadline(ask, server) -> None:
    server.answer_next(200, GOOD, delay=3)
    with pytest.raises(NotAcquired) as caught:
        ask(seconds=0.3)
    assert (caught.value.reason, caught.value.sent) == (Reason.TIMED_OUT, True)


def test_nobody_there_is_told_from_a_refusal(ask) -> None:
    with pytest.raises(NotAcquired) as caught:
        ask(token_url="http://127.0.0.1:1/token")
    assert caught.value.reason in (Reason.UNREACHABLE, Reason.FORBIDDEN_ADDRESS)
    assert caught.value.sent is False


@pytest.mark.parametrize(
    ("said", "taken"),
    [(None, None), ("3600", 3600), (3599.7, 3600), (10**30, LONGEST_LIFETIME), (1e300, None)],
)
def test_a_life_is_read_however_it_is_written_and_never_too_long(ask, server, said, taken) -> None:
    server.answer_next(200, GOOD | {"expires_in": said})
    assert ask().expires_in == (LONGEST_LIFETIME if said == 1e300 else taken)


def test_a_definition_may_say_the_type_that_its_provider_forgets(ask, server) -> None:
    server.answer_next(200, {"access_token": CANARY})
    assert ask(token_type="bearer").access_token == CANARY


def test_callers_learn_whether_it_passes_by_itself(ask, server) -> None:
    server.answer_next(503, b"", headers={"Retry-After": "7"})
    with pytest.raises(NotAcquired) as caught:
        ask()
    error = caught.value.as_error("acme")
    assert caught.value.outcome == Acquisition.TRANSIENT
    assert (error.code, error.retryable, error.retry_after) == ("AUTH_ERROR", True, 7)
    assert (error.sent, error.extra) == (False, {"reason": "unavailable"})


@pytest.mark.parametrize("missing", ["client_id", "client_secret"])
def test_what_the_client_lacks_is_said_before_anything_leaves(ask, server, missing) -> None:
    data = {name: value for name, value in DATA.items() if name != missing}
    with pytest.raises(NotAcquired, match=missing):
        ask(data, client_auth="client_secret_basic")
    assert server.requests == []
