"""A credential that is used in every flow is found in no table, log, event, error, page or dump."""

from __future__ import annotations

import base64
import io
import json
import logging
from html import escape
from urllib.parse import quote, quote_plus

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.test import Client

from executor import tasks
from integration_hub.events.models import EventSink
from integration_hub.events.relay import relay_once
from integration_hub.lib import log
from tests.journeys.steps import CANARY, client, connect, execute

PARTS = CANARY.encode()
FORMS = {
    CANARY,
    quote(CANARY, safe=""),
    quote_plus(CANARY),
    json.dumps(CANARY)[1:-1].replace("/", "\\/"),
    escape(CANARY),
    PARTS.hex(),
    *(  # base64 at each of the three alignments
        base64.b64encode(b"x" * shift + PARTS).decode()[4 if shift else 0 : -4]
        for shift in range(3)
    ),
}


@pytest.fixture
def lines():
    """Every line that the hub's own log handler writes."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(log.formatter("json"))
    root = logging.getLogger()
    root.addHandler(handler)
    yield stream
    root.removeHandler(handler)


def found_in(text: str) -> list[str]:
    return [form for form in FORMS if form.lower() in text.lower()]


def every_stored_value() -> str:
    """All rows of all tables, bytes as text, straight from SQL."""
    with connection.cursor() as cursor:
        values = []
        for table in connection.introspection.table_names(cursor):
            name = connection.ops.quote_name(table)
            cursor.execute(f"SELECT * FROM {name}")  # noqa: S608 - our own tables
            for row in cursor.fetchall():
                values += [
                    bytes(value).decode("latin-1")
                    if isinstance(value, bytes | memoryview)
                    else str(value)
                    for value in row
                ]
    return "\n".join(values)


@pytest.mark.django_db(transaction=True)
def test_the_credential_is_found_in_no_sink(upstream, alice, lines, capsys):
    EventSink.objects.get_or_create(name="log", defaults={"type": "log"})  # flushed with the rest
    demo = connect(upstream.url, secret=CANARY)
    answers = [
        execute(demo, "bearer"),  # the upstream echoes the header
        execute(demo, "bearer", mode="async"),
        execute(demo, "bearer", key="canary-1"),
        execute(demo, "reset"),
        execute(demo, "create_contact", {"list_id": "1", "email": "a@example.com"}),
        execute(demo, "create_contact", {"list_id": 1}),
        demo.put(
            "/api/v1/instances/demo/credentials",
            {"type": "bearer", "data": {"token": CANARY, "wrong": CANARY}},
            format="json",
        ),
        demo.get("/api/v1/instances/demo/credentials"),
        demo.post("/api/v1/instances/demo/test", {}, format="json"),
    ]
    tasks.drain("interactive")
    relay_once()
    call_command("execute", "demo", "bearer")
    reader = client("manage")
    answers += [reader.get(f"/api/v1/{name}") for name in ("executions", "events", "audit")]
    for execution in reader.get("/api/v1/executions").json()["results"]:
        answers.append(reader.get(f"/api/v1/executions/{execution['id']}"))
        answers.append(reader.get(f"/api/v1/executions/{execution['id']}/payload"))
    assert len(upstream.hits) >= 5, "the credential really was used"
    assert all(CANARY in hit["headers"].get("authorization", "") for hit in upstream.hits)

    dump = io.StringIO()
    call_command("dumpdata", stdout=dump)
    sinks = {
        "answers": "\n".join(answer.content.decode() for answer in answers),
        "tables": every_stored_value(),
        "log": lines.getvalue(),
        "dumpdata": dump.getvalue(),
        "stdout": capsys.readouterr().out,
        "admin pages": "\n".join(admin_pages(alice)),
    }
    assert {name: found_in(text) for name, text in sinks.items() if found_in(text)} == {}
    assert "bearer" in sinks["tables"], "the search looks at what it should"
    assert "integration.method.executed" in sinks["log"]


def admin_pages(alice) -> list[str]:
    """Every list and every change page that an administrator can open."""
    browser = Client()
    browser.force_login(alice)
    pages = []
    for model in apps.get_models():
        label = f"{model._meta.app_label}/{model._meta.model_name}"
        answer = browser.get(f"/admin/{label}/")
        if answer.status_code != 200:
            continue
        pages.append(answer.content.decode())
        for row in model._default_manager.all()[:20]:
            page = browser.get(f"/admin/{label}/{row.pk}/change/")
            assert page.status_code < 500
            pages.append(page.content.decode())
    assert len(pages) > 10
    return pages
