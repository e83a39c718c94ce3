"""The examples of docs/credentials.md work as they stand."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from credentials.acquiring import AcquiringScheme
from credentials.backend import CannotLookUp, SecretBackend
from credentials.scheme import AuthScheme, Catalog
from credentials.scheme import schemes as real
from integration_hub.egress.door import HttpRequest
from integration_hub.lib.yaml_reader import load as load_yaml
from tests.consent_server import sample
from tests.credentials.samples import SAMPLES

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "credentials.md").read_text()
REQUEST = HttpRequest("GET", "https://api.acme.example/x")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def pairs() -> list[tuple[dict, dict]]:
    """Each body with the `auth` entry that stands above it."""
    found, entry = [], {}
    for block in map(json.loads, blocks("json")):
        if "data" in block:
            found.append((entry, block))
        else:
            entry = block
    return found


@pytest.mark.django_db
@pytest.mark.parametrize(("entry", "body"), pairs())
def test_each_type_is_defined_stored_and_used_as_shown(
    connect, put, use, entry, body, monkeypatch
) -> None:
    monkeypatch.setenv("HUB_SECRET_ACME", "looked-up-token")
    instance = connect("documented", auth=[entry])
    real_ones = SAMPLES[body["type"]].data
    data = {k: real_ones[k] if str(v).endswith("…") else v for k, v in body["data"].items()}
    put(instance, body["type"], data, auth_id=body.get("auth"))
    scheme = real.get(body["type"])
    if isinstance(scheme, AcquiringScheme) and not scheme.is_held(data):
        return  # its first call would fetch what it needs
    found = use(instance)
    signed = found.sign(REQUEST)
    assert signed.request != REQUEST or signed.answer_challenge or found.tls


def test_every_type_of_this_build_has_its_section() -> None:
    assert set(re.findall(r"^### `(\w+)`", TEXT, re.MULTILINE)) == set(real.names())


@pytest.mark.django_db
def test_the_call_for_a_shell_is_accepted(acme, api) -> None:
    shell, *_ = blocks("sh")
    body = re.search(r"-d '(.*?)'", shell, re.DOTALL)
    assert body
    answer = api("credentials").put(
        "/api/v1/instances/acme/credentials", body[1], content_type="application/json"
    )
    assert answer.status_code == 201


def test_the_scheme_of_your_own_works(monkeypatch) -> None:
    catalog: Catalog[AuthScheme] = Catalog("auth scheme")
    monkeypatch.setattr("credentials.scheme.schemes", catalog)
    source = blocks("python")[-1]
    exec(compile(source, "docs/credentials.md", "exec"), {})  # noqa: S102 - our own document
    signed = catalog.get("acme_pair").apply(
        REQUEST, data={"client": "c", "secret": "s3cret"}, options={}
    )
    assert signed.request.headers == {"X-Acme": "c:s3cret"}
    assert signed.secrets == ("s3cret",)


def test_the_backend_of_your_own_works(monkeypatch) -> None:
    catalog: Catalog[SecretBackend] = Catalog("secret backend")
    monkeypatch.setattr("credentials.backend.backends", catalog)
    exec(compile(blocks("python")[0], "docs/credentials.md", "exec"), {})  # noqa: S102 - our own
    with pytest.raises(CannotLookUp, match="Nothing is kept at x"):
        catalog.get("acme").read("x", seconds=1)


@pytest.mark.django_db
def test_connecting_works_as_shown(connect, api, settings) -> None:
    (source,) = [block for block in blocks("yaml") if "authorization_url" in block]
    settings.HUB_PUBLIC_URL = "http://localhost:8000"
    server = sample("http://localhost:8000/api/v1/oauth2/callback").start()
    try:
        text = source.replace("http://127.0.0.1:8900", server.url)
        connect("shop", auth=load_yaml(text)["auth"])
        (shell,) = [block for block in blocks("sh") if "oauth2/start" in block]
        start, finish = re.findall(r"-d '(.*?)'", shell)
        client = api("credentials")
        address = "/api/v1/instances/shop/oauth2"
        started = client.post(f"{address}/start", start, content_type="application/json").json()
        back = server.consent(started["authorization_url"])
        body = json.loads(finish)
        assert set(body) == set(back)
        assert client.post(f"{address}/callback", back, format="json").status_code == 200
    finally:
        server.stop()
