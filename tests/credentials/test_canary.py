"""One credential, used in every way of this room, and then searched for everywhere."""

from __future__ import annotations

import base64
import io
import json
import logging
from urllib.parse import quote

import pytest
import structlog
from django.core.management import call_command
from django.db import connection
from django.urls import reverse

from credentials import services
from integration_hub.egress.door import HttpRequest
from integration_hub.lib import log
from integration_hub.lib.redact import Redactor, registered
from tests.credentials.conftest import HEADER_CANARY

pytestmark = pytest.mark.django_db

FORMS = {
    "raw": HEADER_CANARY.encode(),
    "its certain part": b"canary9Qx7value",
    "url": quote(HEADER_CANARY, safe="").encode(),
    "hex": HEADER_CANARY.encode().hex().encode(),
    **{
        f"base64 at {lead}": base64.b64encode(b"x" * lead + b"canary9Qx7value")[4:-4]
        for lead in range(3)
    },
}


def found_in(content: bytes) -> list[str]:
    lowered = content.lower()
    return [name for name, form in FORMS.items() if form in content or form.lower() in lowered]


@pytest.fixture
def lines():
    """Every log line that is written, rendered as the service renders it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(log.formatter("json", [structlog.processors.format_exc_info]))
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.DEBUG)
    yield lambda: stream.getvalue().encode()
    logging.getLogger().setLevel(logging.INFO)
    logging.getLogger().removeHandler(handler)


def every_row() -> bytes:
    """All that is stored, as text: each table, each column, bytes as they are."""
    found: list[bytes] = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - a name of our own schema
            for row in cursor.fetchall():
                for value in row:
                    is_bytes = isinstance(value, bytes | memoryview)
                    found.append(bytes(value) if is_bytes else str(value).encode())
    return b"\n".join(found)


def test_the_search_finds_what_is_there(connect) -> None:
    for name, form in FORMS.items():
        assert name in found_in(b"before" + form + b"after")
    connect("visible", name="canary9Qx7value")
    assert "its certain part" in found_in(every_row())


def fail(message: str) -> None:
    raise RuntimeError(message)


def use_it_everywhere(acme, client, browser, put, use, caller, settings) -> list[bytes]:
    url = "/api/v1/instances/acme/credentials"
    answers = [
        client.put(url, json.dumps(body), content_type="application/json").content
        for body in (
            {"type": "bearer", "data": {"token": HEADER_CANARY}},
            {"type": "bearer", "data": {"token": HEADER_CANARY, "x": HEADER_CANARY}},
            {"type": "basic", "data": {"username": "u:", "password": HEADER_CANARY}},
            {"type": "basic", "data": {"username": "u", "password": HEADER_CANARY}},
        )
    ]
    answers += [client.get(url).content, client.get("/api/v1/instances/acme").content]
    row = put(acme, "api_key", {"key": HEADER_CANARY}, auth_id="query-key")
    found = use(acme)
    signed = found.sign(HttpRequest("GET", "https://api.acme.example/x"))
    with registered(*found.secrets):
        log.get("test").info("sent", request=signed, url=signed.request.url, use=found)
        try:
            fail(signed.request.url)
        except RuntimeError:
            logging.getLogger("test").exception("failed with %s", HEADER_CANARY)
    answers.append(Redactor(found.secrets).url(signed.request.url).encode())
    page = reverse("admin:credentials_credential_change", args=[row.pk])
    answers += [
        browser.get(page).content,
        browser.post(page, {"data_key": HEADER_CANARY + "é"}).content,
    ]
    browser.post(page, {"data_key": HEADER_CANARY})
    answers.append(browser.get(reverse("admin:credentials_credential_changelist")).content)
    right, settings.FERNET_KEYS = settings.FERNET_KEYS, ["another-key-that-is-long-enough-012345"]
    try:
        use(acme)
    except Exception as error:  # noqa: BLE001 - whatever it says is searched too
        answers.append((str(error) + repr(error)).encode())
    settings.FERNET_KEYS = right
    answers.append((repr(services.describe_credential(acme)) + repr(row) + str(row)).encode())
    return answers


def test_a_credential_is_in_no_table_line_answer_page_or_dump(
    acme, api, client, alice, put, use, caller, settings, lines
) -> None:
    client.force_login(alice)
    answers = use_it_everywhere(acme, api("credentials"), client, put, use, caller, settings)
    out = io.StringIO()
    call_command("dumpdata", stdout=out)
    assert len(lines()) > 200
    assert {"tables": found_in(every_row()), "log": found_in(lines())} == {"tables": [], "log": []}
    assert found_in(out.getvalue().encode()) == []
    for answer in answers:
        assert found_in(answer) == []
