"""Failures grouped: what is one thing is told once, to those who may see it."""

from __future__ import annotations

import pytest

from executor.insight.hints import hint_for
from executor.insight.normal import LENGTH, normalised
from integration_hub.audit import releases
from integration_hub.audit.models import AuditEntry
from registry import services as registry
from registry.models import Instance
from tests.executor.delivery.conftest import definition_document

pytestmark = pytest.mark.django_db


@pytest.fixture
def target(upstream) -> Instance:
    document = definition_document(upstream.url)
    document["methods"]["status"] = {
        "http": {"method": "GET", "path": "/status/{code}"},
        "param_schema": {"type": "object", "properties": {"code": {"type": "string"}}},
    }
    document["circuit_breaker"] = {"min_calls": 1000, "window": 1000}
    registry.create_definition(document=document, actor="tests", publish=True)
    return registry.create_instance(
        definition="target", slug="target", name="Target", config={}, actor="tests"
    )


@pytest.fixture
def fail(target, api):
    def call(code: int, times: int = 1) -> str:
        for _ in range(times):
            answer = api("execute").post(
                "/api/v1/instances/target/methods/status/execute",
                {"parameters": {"code": str(code)}},
                format="json",
            )
        return str(answer.json()["execution_id"])

    return call


def test_failures_are_grouped_and_counted_with_an_example(fail, api):
    fail(422)
    newest = fail(503, times=3)
    body = api("read").get("/api/v1/errors").json()
    assert body["complete"] is True
    first, second = body["results"]
    assert (first["count"], first["upstream_status"], first["code"]) == (
        3,
        503,
        "INTEGRATION_ERROR",
    )
    assert first["example"] == newest
    assert first["first_at"] < first["last_at"]
    assert "ask the provider" in first["hint"]
    assert (second["count"], second["upstream_status"]) == (1, 422)
    assert first["definitions"] == ["target@1.0.0"]


def test_the_release_that_was_deployed_before_stands_beside_it(target, fail, api, settings):
    for release in ("v1.3.0", "v1.4.0", "v1.4.0"):
        settings.HUB_RELEASE = release
        releases.note("command:runhub")
    fail(500)
    (group,) = api("read").get("/api/v1/errors").json()["results"]
    what = [change["what"] for change in group["changed_before"]]
    assert what == ["hub.deployed v1.4.0", "hub.deployed v1.3.0", "instance.created"]


def test_without_a_name_of_the_release_nothing_is_written(db, settings):
    settings.HUB_RELEASE = ""
    releases.note("command:runhub")
    assert not AuditEntry.objects.filter(target_type=releases.KIND).exists()


def test_what_was_changed_before_stands_beside_it(target, fail, api):
    registry.update_instance(instance=target, changes={"name": "Other"}, actor="tests", merge=True)
    fail(500)
    registry.disable_instance(instance=target, actor="tests")
    (group,) = api("read").get("/api/v1/errors").json()["results"]
    what = [change["what"] for change in group["changed_before"]]
    assert what == ["instance.changed", "instance.created"]


def test_others_errors_do_not_exist_for_a_limited_token(fail, api):
    fail(500)
    limited = api("read", instances=("another",))
    assert limited.get("/api/v1/errors").json()["results"] == []
    assert api("execute").get("/api/v1/errors").status_code == 403


def test_a_span_that_is_not_offered_is_refused(api):
    answer = api("read").get("/api/v1/errors?window=9y")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/window")


def test_the_page_shows_it_and_escapes_what_is_hostile(client, alice, fail):
    fail(500)
    client.force_login(alice)
    page = client.get("/admin/executor/execution/errors/?instance=<script>").content.decode()
    assert "<script>alert" not in page
    assert "No call has failed" in page
    page = client.get("/admin/executor/execution/errors/").content.decode()
    assert "INTEGRATION_ERROR 500" in page


@pytest.mark.parametrize(
    ("message", "same"),
    [
        ("Order 17 is gone", "Order 99 is gone"),
        ("No 'a' in https://x.example/a?b=1", "No 'b' in https://y.example/c"),
        (
            "Id 0199f3a0-7b1c-7000-8000-1f2e3d4c5b6a",
            "Id 0199f3a0-7b1c-7000-8000-000000000000",
        ),
        ("token deadbeef00112233", "token 0123456789abcdef"),
        ("at 2026-01-01T00:00:00Z", "at 2027-02-03T04:05:06+01:00"),
    ],
)
def test_messages_of_one_kind_are_one(message, same):
    assert normalised(message) == normalised(same)


def test_other_messages_stay_apart_and_long_ones_are_cut():
    assert normalised("No list") != normalised("No contact")
    assert len(normalised("x " * 10_000)) <= LENGTH
    assert len(normalised("'" * 100_000)) <= LENGTH


@pytest.mark.parametrize(("code", "status"), [("INTEGRATION_ERROR", 418), ("SOMETHING", None)])
def test_there_is_always_a_hint(code, status):
    assert hint_for(code, status)
