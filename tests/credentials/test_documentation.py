"""The examples of docs/credentials.md work as they stand."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from credentials.scheme import AuthScheme, Catalog
from credentials.scheme import schemes as real
from integration_hub.egress.door import HttpRequest

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
def test_each_type_is_defined_stored_and_used_as_shown(connect, put, use, entry, body) -> None:
    instance = connect("documented", auth=[entry])
    put(instance, body["type"], body["data"], auth_id=body.get("auth"))
    assert use(instance).sign(REQUEST).request != REQUEST


def test_every_type_of_this_build_has_its_section() -> None:
    assert set(re.findall(r"^### `(\w+)`", TEXT, re.MULTILINE)) == set(real.names())


@pytest.mark.django_db
def test_the_call_for_a_shell_is_accepted(acme, api) -> None:
    (shell, _) = blocks("sh")
    body = re.search(r"-d '(.*?)'", shell, re.DOTALL)
    assert body
    answer = api("credentials").put(
        "/api/v1/instances/acme/credentials", body[1], content_type="application/json"
    )
    assert answer.status_code == 201


def test_the_scheme_of_your_own_works(monkeypatch) -> None:
    catalog: Catalog[AuthScheme] = Catalog("auth scheme")
    monkeypatch.setattr("credentials.scheme.schemes", catalog)
    (source,) = blocks("python")
    exec(compile(source, "docs/credentials.md", "exec"), {})  # noqa: S102 - our own document
    signed = catalog.get("acme_pair").apply(
        REQUEST, data={"client": "c", "secret": "s3cret"}, options={}
    )
    assert signed.request.headers == {"X-Acme": "c:s3cret"}
    assert signed.secrets == ("s3cret",)
