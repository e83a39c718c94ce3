"""Values that stay elsewhere, and secrets on their way in and out of force, are in no sink."""

from __future__ import annotations

import base64
import io
import json
import logging
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from django.core.management import call_command
from django.urls import reverse

from credentials import lookups
from credentials.models import Credential
from registry import services as registry
from registry.models import Instance
from tests.credentials.test_canary import every_row, lines
from tests.credentials.test_references import folder, vault
from tests.credentials.verifying import Received, Said

pytestmark = pytest.mark.django_db
__all__ = ["folder", "lines", "vault"]

STORED, FROM_FILE, FROM_VAULT, FROM_ENV, ROTATED, REFUSED = (
    f"canary-{name}-4f9Kz7Qx" for name in ("stored", "file", "vault", "env", "rotated", "refused")
)
SECRETS = [STORED, FROM_FILE, FROM_VAULT, FROM_ENV, ROTATED, REFUSED]
HOME = "/api/v1/instances/acme/credentials"


def found(content: bytes) -> list[str]:
    def forms(raw: str) -> list[bytes]:
        shifted = [base64.b64encode(b"x" * lead + raw.encode())[4:-4] for lead in range(3)]
        return [raw.encode(), quote(raw, safe="").encode(), raw.encode().hex().encode(), *shifted]

    return [secret for secret in SECRETS if any(form in content for form in forms(secret))]


def echo(request: Received) -> Said:
    """Everything back, and a refusal that quotes it for the one that is not taken."""
    told = json.dumps({"headers": dict(request.headers), "target": request.target}).encode()
    return Said(401 if REFUSED in request.headers["authorization"] else 200, body=told)


@pytest.fixture
def acme(db, verifier) -> Instance:
    lookups._held.clear()
    document = {
        "slug": "acme",
        "name": "Acme",
        "version": "1.0.0",
        "type": "http",
        "auth": [{"type": "bearer"}],
        "health_check": {"method": "ping"},
        "methods": {"ping": {"http": {"method": "GET", "path": "/status"}}},
    }
    registry.create_definition(document=document, actor="tests", publish=True)
    return registry.create_instance(
        definition="acme@1.0.0",
        slug="acme",
        actor="tests",
        config={"base_url": verifier(echo).url},
    )


@pytest.fixture
def quiet_templates() -> Iterator[None]:
    """Django's notes on names that a page does not have: `test_canary` searches those."""
    logger = logging.getLogger("django.template")
    logger.setLevel(logging.INFO)
    yield
    logger.setLevel(logging.NOTSET)


@pytest.fixture
def everywhere(api, client, alice, acme, worker_at_hand):
    """Each of these gives an answer, whatever the credential is: REST, admin, a call."""
    client.force_login(alice)
    token, executes = api("credentials", "read"), api("execute")

    def visit() -> list[bytes]:
        row = Credential.objects.get()
        pages = [
            reverse("admin:credentials_credential_change", args=[row.pk]),
            reverse("admin:executor_credential_rotate", args=[acme.pk]),
            reverse("admin:credentials_credential_changelist"),
        ]
        called = executes.post("/api/v1/instances/acme/methods/ping/execute", {}, format="json")
        return [
            called.content,
            token.get(HOME).content,
            token.post(f"{HOME}/test").content,
            client.post(reverse("admin:executor_credential_test", args=[acme.pk])).content,
            *(client.get(page).content for page in pages),
        ]

    return visit


def test_references_and_rotations_leave_no_secret_anywhere(
    acme, api, client, everywhere, folder, vault, monkeypatch, lines, quiet_templates
) -> None:
    (folder / "token").write_text(FROM_FILE)
    vault.secrets["acme"] = {"token": FROM_VAULT}
    monkeypatch.setenv("HUB_SECRET_ACME", FROM_ENV)
    api_token, answers = api("credentials"), []

    def send(method: str, address: str, data: dict, status: int = 200) -> None:
        answer = getattr(api_token, method)(address, data, format="json")
        assert answer.status_code in (status, 201), answer.content
        answers.extend([answer.content, *everywhere()])

    send("put", HOME, {"type": "bearer", "data": {"token": STORED}})
    for ref in (f"file:{folder}/token", "vault:acme#token", "env:HUB_SECRET_ACME"):
        send("put", HOME, {"type": "bearer", "data": {"token": {"ref": ref}}})
    vault.secrets["acme"] = {"token": REFUSED}
    lookups._held.clear()
    for bad in ("vault:acme#token", "vault:nowhere#token", f"file:{folder}/absent"):
        rotated = {"data": {"token": {"ref": bad}}}
        send("post", f"{HOME}/rotate", rotated, 502)
    send("post", f"{HOME}/rotate", {"data": {"token": ROTATED}, "grace_seconds": 600})
    send("post", f"{HOME}/rotate", {"data": {"token": REFUSED}}, 502)
    page = reverse("admin:executor_credential_rotate", args=[acme.pk])
    refused = client.post(page, {"data_token": REFUSED, "grace_seconds": "600"})
    assert "the old one stays" in refused.content.decode()
    done = client.post(page, {"ref_token": "env:HUB_SECRET_ACME", "grace_seconds": "600"})
    assert done.status_code == 302
    dump = io.StringIO()
    call_command("dumpdata", stdout=dump)
    call_command("leak_scan", stdout=dump)
    answers += [refused.content, done.content, dump.getvalue().encode(), *everywhere()]
    assert len(answers) > 70
    assert [found(answer) for answer in answers if found(answer)] == []
    assert {"tables": found(every_row()), "log": found(lines())} == {"tables": [], "log": []}


def test_the_search_finds_each_of_them_where_it_is(acme) -> None:
    for secret in SECRETS:
        assert found(b"before " + base64.b64encode(secret.encode()) + b" after") == [secret]
    Instance.objects.update(name=ROTATED)
    assert found(every_row()) == [ROTATED]
