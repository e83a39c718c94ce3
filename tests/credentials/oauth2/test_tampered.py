"""Promise 34: an answer that is not exactly the one asked for is refused, and changes nothing."""

from __future__ import annotations

import threading
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client

from credentials.models import Credential, OAuthFlow
from integration_hub.access.models import Token
from integration_hub.access.services import revoke_token
from integration_hub.lib import pause
from tests.credentials.oauth2.consent import CALLBACK, CLIENT, consent, entry, shop

pytestmark = pytest.mark.django_db
__all__ = ["consent", "shop"]

START = "/api/v1/instances/shop/oauth2/start"
FINISH = "/api/v1/instances/shop/oauth2/callback"
EVIL = "https://evil.example"

# What is done to the good answer, and the pointer and code of what is said of it.
TAMPERED = {
    "no code": ({"code": None}, "/code", "REQUIRED"),
    "no state": ({"state": None}, "/state", "REQUIRED"),
    "no iss": ({"iss": None}, "/iss", "ISSUER"),
    "nothing": ({"code": None, "state": None, "iss": None}, "/state", "REQUIRED"),
    "empty code": ({"code": ""}, "/code", "TYPE"),
    "empty state": ({"state": ""}, "/state", "TYPE"),
    "code and state swapped": ({"code": "@state", "state": "@code"}, "/state", "UNKNOWN"),
    "code and iss swapped": ({"code": "@iss", "iss": "@code"}, "/iss", "ISSUER"),
    "another state": ({"state": "s" * 43}, "/state", "UNKNOWN"),
    "state cut": ({"state": "@state-"}, "/state", "UNKNOWN"),
    "state lengthened": ({"state": "@state+"}, "/state", "UNKNOWN"),
    "iss of another": ({"iss": EVIL}, "/iss", "ISSUER"),
    "iss with a slash": ({"iss": "@iss+/"}, "/iss", "ISSUER"),
    "iss in capitals": ({"iss": "@iss^"}, "/iss", "ISSUER"),
    "code and error": ({"error": "access_denied"}, "/code", "EXCLUSIVE"),
    "huge code": ({"code": "c" * 5_000}, "/code", "TYPE"),
    "huge state": ({"state": "s" * 5_000}, "/state", "TYPE"),
    "NUL in state": ({"state": "a\x00b"}, "/state", "UNKNOWN"),
}
DOUBLED = ("code", "state", "iss")


@pytest.fixture
def answer(shop, consent, api):
    """A client that began, and the good answer."""
    started_by = api("credentials")
    started = started_by.post(START, CLIENT, format="json").json()
    return started_by, consent.consent(started["authorization_url"])


def tampered(good: dict[str, str], changes: dict) -> dict[str, str]:
    made = dict(good)
    for name, value in changes.items():
        text = value or ""
        if text.startswith("@"):
            source = good[text[1:].rstrip("-+/^")]
            ending = {"-": source[:-1], "+": source + "x", "/": source + "/", "^": source.upper()}
            text = ending.get(text[-1], source)
        made[name] = text
        if value is None:
            del made[name]
    return made


def assert_nothing_happened(consent) -> None:
    assert consent.counts["authorization_code"] == 0
    assert not Credential.objects.exists()


@pytest.mark.parametrize("case", TAMPERED)
def test_a_tampered_answer_of_a_program_is_refused(case, answer, consent) -> None:
    started_by, good = answer
    changes, pointer, code = TAMPERED[case]
    refused = started_by.post(FINISH, tampered(good, changes), format="json")
    assert refused.status_code == 400, refused.content
    problem = refused.json()
    assert problem["code"] == "VALIDATION_ERROR"
    if not (code == "TYPE" and changes.get(pointer[1:]) == ""):
        assert (pointer, code) in {(e["pointer"], e["code"]) for e in problem["errors"]}
    assert good["code"] not in refused.content.decode()
    assert_nothing_happened(consent)


@pytest.mark.parametrize("case", [name for name in TAMPERED if name != "NUL in state"])
def test_a_tampered_answer_in_a_browser_is_refused_with_a_page(
    case, answer, consent, client
) -> None:
    _, good = answer
    changes, pointer, _ = TAMPERED[case]
    page = client.get(CALLBACK, tampered(good, changes), headers={"Accept": "text/html"})
    assert page.status_code == 400
    text = page.content.decode()
    assert "Not connected" in text
    assert pointer in text
    assert good["code"] not in text
    assert good["state"] not in text
    assert_nothing_happened(consent)


@pytest.mark.parametrize("name", DOUBLED)
@pytest.mark.parametrize("second", ["same", "other"])
def test_a_doubled_member_is_refused(name, second, answer, consent, client) -> None:
    _, good = answer
    more = good[name] if second == "same" else "other"
    page = client.get(f"{CALLBACK}?{urlencode([*good.items(), (name, more)])}")
    assert page.status_code == 400
    assert "more than once" in page.content.decode()
    assert_nothing_happened(consent)


@pytest.mark.parametrize("name", DOUBLED)
def test_a_doubled_json_member_is_refused(name, answer, consent) -> None:
    started_by, good = answer
    pairs = ",".join(f'"{k}":"{v}"' for k, v in [*good.items(), (name, "other")])
    refused = started_by.post(FINISH, f"{{{pairs}}}", content_type="application/json")
    assert refused.status_code == 400
    assert_nothing_happened(consent)


@pytest.mark.parametrize("accept", ["text/html", "*/*", ""])
def test_an_answer_that_came_before_is_refused(accept, answer, consent, client) -> None:
    _, good = answer
    headers = {"Accept": accept} if accept else {}
    assert client.get(CALLBACK, good, headers=headers).status_code == 200
    again = client.get(CALLBACK, good, headers=headers)
    assert again.status_code == 400
    assert "used already" in again.content.decode()
    assert consent.counts["authorization_code"] == 1
    assert Credential.objects.get().revision == 1


def test_an_answer_after_ten_minutes_is_refused(answer, consent, fake_clock) -> None:
    started_by, good = answer
    OAuthFlow.objects.update(expires_at=fake_clock.now() + timedelta(minutes=10))
    fake_clock.advance(600)
    refused = started_by.post(FINISH, good, format="json")
    assert refused.json()["errors"][0]["code"] == "EXPIRED"
    assert "ten minutes" in refused.json()["detail"]
    assert_nothing_happened(consent)


def test_a_state_of_another_instance_is_refused(answer, consent, connect) -> None:
    started_by, good = answer
    connect("other", auth=[entry(consent)])
    refused = started_by.post("/api/v1/instances/other/oauth2/callback", good, format="json")
    assert refused.json()["errors"][0]["code"] == "OTHER_INSTANCE"
    assert_nothing_happened(consent)
    assert started_by.post(FINISH, good, format="json").status_code == 200


def test_someone_elses_token_cannot_finish(answer, consent, api) -> None:
    started_by, good = answer
    refused = api("credentials", "manage").post(FINISH, good, format="json")
    assert (refused.status_code, refused.json()["code"]) == (403, "FORBIDDEN")
    assert_nothing_happened(consent)
    assert started_by.post(FINISH, good, format="json").status_code == 200


def test_someone_elses_session_cannot_finish(answer, consent, alice) -> None:
    _, good = answer
    browser = Client()
    browser.force_login(alice)
    assert browser.get(CALLBACK, good).status_code == 403
    assert_nothing_happened(consent)


def test_a_token_that_ended_meanwhile_finishes_nothing(answer, consent, client) -> None:
    _, good = answer
    for token in Token.objects.all():
        revoke_token(token=token, actor="tests")
    assert client.get(CALLBACK, good).status_code == 403
    assert_nothing_happened(consent)


def test_without_a_known_issuer_the_server_asked_is_still_compared(connect, consent, api) -> None:
    known = entry(consent)
    del known["issuer"]
    connect("shop", auth=[known])
    client = api("credentials")
    for iss, status in ((EVIL, 400), (consent.url, 200), (None, 200)):
        started = client.post(START, CLIENT, format="json").json()
        good = consent.consent(started["authorization_url"])
        done = client.post(FINISH, tampered(good, {"iss": iss}), format="json")
        assert done.status_code == status, (iss, done.content)


HOSTILE = "<script>alert(1)</script>\r\nSet-Cookie: a=b \u202e " + "x" * 5_000


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        ("access_denied", "allow the access"),
        ("invalid_scope", "scopes"),
        ("redirect_uri_mismatch", "http://localhost:8000/api/v1/oauth2/callback"),
        ("unauthorized_client", "authorization code grant"),
        ("temporarily_unavailable", "in a few minutes"),
        ("login_required", "prompt"),
        ("something<b>new", "Start again"),
    ],
)
def test_a_refusal_is_told_in_the_providers_words_with_what_to_do(
    error, advice, answer, consent, client
) -> None:
    started_by, good = answer
    del good["code"]
    said = {**good, "error": error, "error_description": f"No access today. {HOSTILE}"}
    refused = started_by.post(FINISH, said, format="json")
    problem = refused.json()
    assert (refused.status_code, problem["code"], problem["retryable"]) == (
        502,
        "AUTH_ERROR",
        False,
    )
    assert "No access today." in problem["detail"]
    assert advice in problem["detail"]
    assert len(problem["detail"]) < 1_000
    again = client.get(CALLBACK, said)  # the state is used up by a refusal too
    assert again.status_code == 400
    assert_nothing_happened(consent)


def test_a_hostile_description_is_text_on_the_page(answer, consent, client) -> None:
    _, good = answer
    del good["code"]
    said = {**good, "error": "access_denied", "error_description": HOSTILE}
    page = client.get(CALLBACK, said, headers={"Accept": "text/html"})
    text = page.content.decode()
    assert page.status_code == 400
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "x" * 400 not in text
    assert "script-src 'self'" in page["Content-Security-Policy"]


BAD_TOKENS = [
    (400, {"error": "invalid_grant"}, "code was not exchanged"),
    (401, {"error": "invalid_client"}, "Correct that"),
    (500, b"<html>oops", "Start the connection again"),
    (200, {"token_type": "Bearer"}, "code was not exchanged"),
]


@pytest.mark.parametrize(("status", "body", "words"), BAD_TOKENS)
def test_a_code_that_is_not_exchanged_leaves_everything_as_it_was(
    status, body, words, answer, consent, put, shop
) -> None:
    before = put(shop, "oauth2", {**CLIENT, "access_token": "old-token-1"})
    started_by, good = answer
    consent.answer_next(status, body)
    refused = started_by.post(FINISH, good, format="json")
    assert (refused.status_code, refused.json()["code"]) == (502, "AUTH_ERROR")
    assert words in refused.json()["detail"]
    row = Credential.objects.get()
    assert (row.revision, row.secret.token) == (before.revision, before.secret.token)
    assert started_by.post(FINISH, good, format="json").status_code == 400  # never tried twice


@pytest.mark.django_db(transaction=True)
def test_one_answer_that_comes_twenty_times_at_once_is_exchanged_once(answer, consent) -> None:
    started_by, good = answer
    header = started_by._credentials
    gate = threading.Barrier(20, timeout=30)
    statuses: list[int] = []

    def send() -> None:
        try:
            statuses.append(Client().post(FINISH, good, "application/json", **header).status_code)
        finally:
            connection.close()

    with pause.at("oauth2-claim", gate.wait):
        threads = [threading.Thread(target=send) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(statuses) == [200] + [400] * 19
    assert (consent.counts["authorization_code"], consent.counts["code reuse"]) == (1, 0)
    assert Credential.objects.get().revision == 1
