"""What a flow holds in secret is in no table, line, answer, page or dump."""

from __future__ import annotations

import base64
import io
import json
from urllib.parse import quote

import pytest
from django.core.management import call_command

from tests.credentials.oauth2.consent import CALLBACK, CLIENT, CLIENT_SECRET, consent, shop
from tests.credentials.test_canary import every_row, lines

pytestmark = pytest.mark.django_db
__all__ = ["consent", "lines", "shop"]

START = "/api/v1/instances/shop/oauth2/start"
FINISH = "/api/v1/instances/shop/oauth2/callback"


def forms_of(secret: str) -> list[bytes]:
    raw = secret.encode()
    encoded = [base64.b64encode(b"x" * lead + raw)[4:-4] for lead in range(3)]
    return [raw, quote(secret, safe="").encode(), raw.hex().encode(), *encoded]


def found(secrets: list[str], content: bytes) -> list[str]:
    return [secret for secret in secrets if any(form in content for form in forms_of(secret))]


def test_codes_states_verifiers_and_tokens_are_nowhere(
    shop, consent, api, client, alice, lines
) -> None:
    program, browser = api("credentials"), client
    browser.force_login(alice)
    states, codes, answers = [], [], []
    for step in ("good", "wrong code", "denied", "replayed", "by another", "left"):
        started = program.post(START, CLIENT, format="json").json()
        back = consent.consent(started["authorization_url"], allow=step != "denied")
        states.append(back["state"])
        codes.append(back.get("code", back["state"]))
        if step == "wrong code":
            back["code"] += "x"
            consent.answer_next(400, {"error": "invalid_grant", "error_description": back["code"]})
        if step == "by another":
            answers.append(browser.get(CALLBACK, back, headers={"Accept": "text/html"}))
        elif step != "left":
            answers.append(program.post(FINISH, back, format="json"))
        if step == "replayed":
            answers.append(program.post(FINISH, back, format="json"))
    assert [answer.status_code for answer in answers] == [200, 502, 502, 200, 400, 403]
    posted = [request["form"] for request in consent.requests]
    verifiers = [form["code_verifier"] for form in posted]
    tokens = [*consent._live, *consent._refresh]
    assert min(map(len, (verifiers, tokens))) >= 3
    secrets = [CLIENT_SECRET, *states, *codes, *verifiers, *tokens]
    assert found(secrets, every_row()) == []
    assert found(secrets, lines()) == []
    for answer in answers:
        assert found(secrets, answer.content) == []
    dump = io.StringIO()
    call_command("dumpdata", stdout=dump)
    assert found(secrets, dump.getvalue().encode()) == []
    models = {row["model"] for row in json.loads(dump.getvalue())}
    assert "credentials.oauthflow" not in models
