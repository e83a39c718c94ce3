"""Each scheme signs a call that echoes everything back: no secret, and nothing made of one,
is in a table, a line of the log, or the reply. And each goes only where it may."""

from __future__ import annotations

import json
import re

import pytest

from tests.credentials.samples import SAMPLES
from tests.credentials.test_canary import every_row, lines  # noqa: F401 - a fixture
from tests.credentials.verifying import Received, Said

SIGNING = ["basic", "bearer", "api_key", "digest", "jwt", "hmac", "aws_sigv4"]
ASKS = {"WWW-Authenticate": 'Digest realm="r", nonce="abcdef", qop="auth", algorithm=SHA-256'}


def derived(request: Received) -> set[str]:
    """What of the request was made of a secret: signatures, responses, whole tokens."""
    said = " ".join(request.headers.values())
    return set(re.findall(r"[0-9a-f]{64}|eyJ[\w-]+\.[\w-]+\.[\w-]+|Basic \S+", said))


def echo(status: int):
    def judge(request: Received) -> Said:
        if "Digest" not in request.headers.get("authorization", "") and is_digest(request):
            return Said(401, ASKS, b"{}")
        told = {"headers": dict(request.headers), "target": request.target}
        return Said(status, body=json.dumps(told).encode())

    return judge


def is_digest(request: Received) -> bool:
    names = {"authorization", "x-api-key", "x-signature"}
    return not names & set(request.headers)


@pytest.mark.django_db
@pytest.mark.parametrize("status", [200, 403, 422])
@pytest.mark.parametrize("kind", SIGNING)
def test_nothing_of_a_credential_is_kept_or_shown(kind, status, verifier, through, lines) -> None:  # noqa: F811
    server, sample = verifier(echo(status)), SAMPLES[kind]
    auth = {"type": kind, **sample.options}
    config = {name: value for name, value in sample.config.items() if name != "base_url"}
    reply = through(server.url, auth, dict(sample.data), config=config)("create", {"n": 1})
    used = server.received[-1]
    fields = {value for name, value in sample.data.items() if isinstance(value, str)}
    public = {sample.data.get(name) for name in ("username", "access_key_id", "key_id")}
    hidden = (fields - public) | derived(used)
    if kind in ("aws_sigv4", "hmac"):
        hidden -= {word for word in hidden if word == used.headers.get("x-amz-content-sha256")}
    assert hidden
    assert used.headers.keys() & {"authorization", "x-api-key", "x-signature"}
    places = {"tables": every_row(), "log": lines(), "reply": json.dumps(reply).encode()}
    for place, content in places.items():
        assert not [word for word in hidden if word.encode() in content], place


@pytest.mark.django_db
@pytest.mark.parametrize("kind", SIGNING)
def test_a_redirect_to_another_host_takes_no_credential_along(kind, verifier, connect, through):
    away = verifier(lambda _: Said(401, ASKS, b"{}"))
    there = away.url.replace("127.0.0.1", "localhost")

    def home(request: Received) -> Said:
        if "authorization" not in request.headers and is_digest(request):
            return Said(401, ASKS, b"{}")
        return Said(302, {"Location": f"{there}/elsewhere"})

    sample = SAMPLES[kind]
    config = {name: value for name, value in sample.config.items() if name != "base_url"}
    auth = {"type": kind, **sample.options}
    call = through(verifier(home).url, auth, dict(sample.data), "redirected", config)
    status, _ = call()
    assert status == 502
    (arrived,) = away.received
    names = {"authorization", "x-api-key", "x-signature", "x-timestamp", "x-amz-date", "x-key"}
    assert not names & set(arrived.headers)
    assert not derived(arrived)
