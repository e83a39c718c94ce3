"""What a warm call may cost the database (architecture, "Statement budget"): checked in."""

from __future__ import annotations

import threading

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from executor import pipeline
from executor.choices import Mode
from tests.executor.conftest import claimed

SHARED = bool(settings.REDIS_URL) and connection.vendor == "postgresql"
SYNC_GET = 4 if SHARED else 9
WITH_KEY = 1 if SHARED else 2  # elsewhere each write is a statement: the key, and its answer
WITH_SENT = 1
CONTROL = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")


def statements(captured: CaptureQueriesContext) -> list[str]:
    """The statements that count."""
    found = [query["sql"] for query in captured.captured_queries]
    return [sql for sql in found if not sql.upper().startswith(CONTROL)]


@pytest.fixture
def warm(api, acme):
    """A REST client whose token, instance, credential and circuit are all known already."""
    client = api("execute")

    def post(method, body=None, **headers):
        return client.post(
            f"/api/v1/instances/acme/methods/{method}/execute",
            body or {"parameters": {}},
            format="json",
            **headers,
        )

    for method in ("ping", "create_contact", "get_contact"):
        post(method, {"parameters": {"id": "1"}} if method == "get_contact" else None)
        post(method, {"parameters": {"id": "1"}} if method == "get_contact" else None)
    return post


def test_a_warm_sync_get_stays_within_its_budget(warm):
    with CaptureQueriesContext(connection) as captured:
        assert warm("get_contact", {"parameters": {"id": "1"}}).status_code == 200
    assert len(statements(captured)) <= SYNC_GET, statements(captured)


def test_a_key_costs_one_statement_more(warm):
    with CaptureQueriesContext(connection) as captured:
        warm("get_contact", {"parameters": {"id": "1"}}, HTTP_IDEMPOTENCY_KEY="k")
    assert len(statements(captured)) <= SYNC_GET + WITH_KEY, statements(captured)


def test_marking_what_was_sent_costs_one_statement_more(accept, work):
    work(accept("create_contact"))
    work(accept("flaky"))
    safe, unsafe = claimed(accept("ping")), claimed(accept("create_contact"))
    with CaptureQueriesContext(connection) as first:
        pipeline.run_claimed(safe, cancelled=threading.Event())
    with CaptureQueriesContext(connection) as second:
        pipeline.run_claimed(unsafe, cancelled=threading.Event())
    assert len(statements(second)) <= len(statements(first)) + WITH_SENT


def test_accepting_an_async_call_stays_within_the_budget_of_a_sync_one(warm):
    with CaptureQueriesContext(connection) as captured:
        assert warm("ping", {"mode": Mode.ASYNC.value}).status_code == 202
    assert len(statements(captured)) <= SYNC_GET, statements(captured)
