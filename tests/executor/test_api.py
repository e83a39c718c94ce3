"""Calls and the execution log over REST."""

from __future__ import annotations

import threading
import uuid

import pytest
from django.db import connection

from executor.api import waiting
from executor.choices import ExecutionStatus
from executor.models import Execution, Payload
from integration_hub.audit.models import AuditEntry
from registry import services as registry

EXECUTE = "/api/v1/instances/acme/methods/{}/execute"


@pytest.fixture
def caller(api, acme):
    return api("execute")


def run(client, method="ping", body=None, **headers):
    return client.post(EXECUTE.format(method), body or {}, format="json", **headers)


def test_a_sync_call_answers_200_in_the_contracts_shape(caller):
    answer = run(caller, "get_contact", {"parameters": {"id": "1"}})
    assert answer.status_code == 200
    assert set(answer.json()) == {
        "execution_id",
        "status",
        "data",
        "attempts",
        "duration_ms",
        "cached",
    }
    assert answer["X-Request-ID"]


def test_a_call_without_a_body_takes_no_parameters(caller):
    assert caller.post(EXECUTE.format("ping")).status_code == 200


def test_an_async_call_answers_202_with_a_location_to_read(caller):
    answer = run(caller, body={"mode": "async"})
    assert answer.status_code == 202
    assert answer.json()["status"] == "queued"
    assert caller.get(answer["Location"]).json()["status"] == "queued"


def test_the_execution_has_the_contracts_shape(caller):
    body = {"parameters": {"id": "1"}, "correlation_id": "c", "metadata": {"x": [1]}}
    made = run(caller, "get_contact", body).json()
    shown = caller.get(f"/api/v1/executions/{made['execution_id']}").json()
    assert shown["id"] == shown["execution_id"] == made["execution_id"]
    assert shown["definition"] == "acme@1.0.0"
    assert (shown["instance"], shown["method"]) == ("acme", "get_contact")
    assert (shown["correlation_id"], shown["metadata"]) == ("c", {"x": [1]})
    assert shown["error"] is None
    assert shown["attempts"] == 1
    (attempt,) = shown["attempt_list"]
    assert set(attempt) >= {"number", "started_at", "duration_ms", "status_code", "code"}
    assert shown["started_at"]
    assert shown["finished_at"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"parametres": {}}, "/parametres"),
        ({"parameters": []}, "/parameters"),
        ({"mode": "later"}, "/mode"),
        ({"timeout_ms": 0}, "/timeout_ms"),
        ({"timeout_ms": 300_001}, "/timeout_ms"),
        ({"max_wait_ms": 10_001}, "/max_wait_ms"),
        ({"priority": "urgent"}, "/priority"),
        ({"correlation_id": "a\nb"}, "/correlation_id"),
        ({"correlation_id": "x" * 201}, "/correlation_id"),
        ({"not_before": "2030-01-01T00:00:00Z"}, "/not_before"),
        ({"not_before": "soon", "mode": "async"}, "/not_before"),
        ({"metadata": {"x": "y" * 20_000}}, "/metadata"),
        ({"callback_url": "ftp://x"}, "/callback_url"),
        ([], ""),
    ],
)
def test_a_body_that_is_wrong_says_where_and_sends_nothing(caller, upstream, body, pointer):
    answer = caller.post(EXECUTE.format("ping"), body, format="json")
    assert answer.status_code == 400
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
    assert upstream.hits == []


@pytest.mark.parametrize("text", ["null", "[]", '""', "0", "false"])
@pytest.mark.parametrize("verb", ["execute", "replay", "cancel"])
def test_a_body_that_is_no_object_is_refused_and_nothing_is_sent(caller, upstream, verb, text):
    made = run(caller, body={"mode": "async"}).json()["execution_id"]
    address = EXECUTE.format("ping") if verb == "execute" else f"/api/v1/executions/{made}/{verb}"
    Execution.objects.update(status=ExecutionStatus.COMPLETED)
    answer = caller.post(address, text, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["errors"][0] | {"detail": ""} == {
        "pointer": "",
        "detail": "",
        "code": "TYPE",
    }
    assert upstream.hits == []


def test_a_whole_number_of_milliseconds_may_be_written_as_a_float(caller):
    body = '{"timeout_ms": 5000.0, "max_wait_ms": 0.0}'
    answer = caller.post(EXECUTE.format("ping"), body, content_type="application/json")
    assert answer.status_code == 200
    assert Execution.objects.get().timeout_ms == 5000


def test_an_unknown_member_names_the_one_that_was_meant(caller):
    answer = run(caller, body={"parametres": {}})
    assert "parameters" in answer.json()["errors"][0]["detail"]


def test_wrong_parameters_are_a_problem_with_the_execution_that_records_them(caller):
    answer = run(caller, "get_contact", {"parameters": {"q": "x"}})
    assert answer.status_code == 400
    problem = answer.json()
    assert problem["code"] == "VALIDATION_ERROR"
    assert problem["execution_id"] == str(Execution.objects.get().pk)


def test_unknown_names_answer_404_with_near_ones(caller):
    problem = run(caller, "pin").json()
    assert (problem["status"], problem["code"]) == (404, "METHOD_NOT_FOUND")
    assert problem["suggestions"][0] == "ping"
    answer = caller.post("/api/v1/instances/acmee/methods/ping/execute", {}, format="json")
    assert answer.json()["code"] == "INSTANCE_NOT_FOUND"
    assert answer.json()["suggestions"] == ["acme"]


def test_an_idempotent_repetition_is_marked_and_equal(caller, upstream):
    first = run(caller, "create_contact", HTTP_IDEMPOTENCY_KEY="k")
    second = run(caller, "create_contact", HTTP_IDEMPOTENCY_KEY="k")
    assert second.content == first.content
    assert second["Idempotency-Replayed"] == "true"
    other = run(caller, "create_contact", {"parameters": {"a": 1}}, HTTP_IDEMPOTENCY_KEY="k")
    assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert len(upstream.hits) == 1


def test_the_instance_that_serves_a_context_is_chosen(api, acme, upstream):
    registry.create_instance(
        definition="acme@1.0.0",
        slug="acme-client",
        actor="tests",
        config={"base_url": upstream.url},
        context={"type": "client", "id": "c1"},
    )
    client = api("execute")
    body = {"integration": "acme@^1", "method": "ping"}
    answer = client.post("/api/v1/execute", body, format="json")
    assert answer.status_code == 200
    execution = Execution.objects.get(pk=answer.json()["execution_id"])
    assert execution.instance_slug == "acme"
    none = client.post("/api/v1/execute", {"integration": "acne", "method": "ping"}, format="json")
    assert none.status_code == 404
    missing = client.post("/api/v1/execute", {"method": "ping"}, format="json")
    assert missing.json()["errors"][0]["pointer"] in ("", "/integration")


def test_a_call_that_the_external_system_refused_is_no_error_of_ours_in_the_log(caller, caplog):
    assert run(caller, "status", {"parameters": {"code": "500"}}).status_code == 502
    assert [line for line in caplog.records if line.name == "django.request"] == []


def test_the_only_instance_that_fits_is_refused_with_a_row_when_it_is_not_ready(api, acme):
    registry.disable_instance(instance=acme, actor="tests")
    body = {"integration": "acme", "method": "ping"}
    problem = api("execute").post("/api/v1/execute", body, format="json").json()
    assert (problem["status"], problem["code"]) == (409, "INSTANCE_NOT_READY")
    row = Execution.objects.get(pk=problem["execution_id"])
    assert (row.status, row.instance_slug) == (ExecutionStatus.REJECTED, "acme")


def test_a_token_that_may_only_execute_sees_only_what_it_started(api, acme):
    mine, theirs, reader = api("execute"), api("execute"), api("read")
    made = run(mine).json()["execution_id"]
    address = f"/api/v1/executions/{made}"
    assert mine.get(address).status_code == 200
    assert theirs.get(address).status_code == 404
    assert reader.get(address).status_code == 200
    assert [row["id"] for row in mine.get("/api/v1/executions").json()["results"]] == [made]
    assert theirs.get("/api/v1/executions").json()["results"] == []
    assert theirs.post(f"{address}/cancel").status_code == 404
    assert theirs.post(f"{address}/replay").status_code == 404
    assert reader.post(f"{address}/cancel").status_code == 403


def test_a_token_limited_to_other_instances_finds_nothing(api, acme):
    made = run(api("execute")).json()["execution_id"]
    stranger = api("read", "execute", instances=("other",))
    assert stranger.get(f"/api/v1/executions/{made}").status_code == 404
    assert stranger.get("/api/v1/executions").json()["results"] == []
    assert run(stranger).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "instance=acme",
        "method=ping",
        "status=completed",
        "correlation_id=c-9",
        "caller=test",
        "created_after=2020-01-01T00:00:00Z",
        "min_duration_ms=0.001",
        "search=c-9",
    ],
)
def test_the_log_is_filtered(api, acme, query):
    client = api("execute", "read")
    wanted = run(client, body={"correlation_id": "c-9"}).json()["execution_id"]
    found = client.get(f"/api/v1/executions?{query}").json()["results"]
    assert [row["id"] for row in found] == [wanted]


@pytest.mark.parametrize(
    "query",
    ["instance=x", "method=x", "status=failed", "code=X", "created_before=2020-01-01T00:00:00Z"],
)
def test_what_does_not_match_is_not_listed(api, acme, query):
    client = api("execute", "read")
    run(client)
    assert client.get(f"/api/v1/executions?{query}").json()["results"] == []


def test_an_unknown_filter_or_status_is_refused(api, acme):
    client = api("read")
    assert client.get("/api/v1/executions?instnce=acme").status_code == 400
    assert client.get("/api/v1/executions?status=done").status_code == 400
    assert client.get("/api/v1/executions?page=2").status_code == 400
    assert client.get("/api/v1/instances?cursor=b01").status_code == 400


def test_pages_follow_each_other_by_cursor(api, acme):
    client = api("execute", "read")
    made = [run(client, body={"mode": "async"}).json()["execution_id"] for _ in range(5)]
    first = client.get("/api/v1/executions?page_size=3").json()
    second = client.get(first["next"]).json()
    seen = [row["id"] for row in first["results"] + second["results"]]
    assert seen == made[::-1]
    assert second["next"] is None


@pytest.mark.parametrize("name", ["nonsense", str(uuid.UUID(int=7))])
def test_an_execution_that_is_none_is_not_found(caller, name):
    answer = caller.get(f"/api/v1/executions/{name}")
    assert (answer.status_code, answer.json()["code"]) == (404, "EXECUTION_NOT_FOUND")


def test_a_queued_execution_that_is_cancelled_is_never_sent(caller, work, upstream):
    made = run(caller, body={"mode": "async"}).json()["execution_id"]
    answer = caller.post(f"/api/v1/executions/{made}/cancel")
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert answer.json()["error"]["code"] == "CANCELLED"
    again = caller.post(f"/api/v1/executions/{made}/cancel")
    assert again.status_code == 200
    assert AuditEntry.objects.filter(action="execution.cancelled", target=made).count() == 1
    assert upstream.hits == []


def test_a_running_execution_is_asked_to_end(caller):
    made = run(caller, body={"mode": "async"}).json()["execution_id"]
    Execution.objects.update(status=ExecutionStatus.EXECUTING)
    answer = caller.post(f"/api/v1/executions/{made}/cancel")
    assert answer.status_code == 202
    assert answer.json()["cancel_requested"] is True


def test_what_has_ended_cannot_be_cancelled(caller):
    made = run(caller).json()["execution_id"]
    answer = caller.post(f"/api/v1/executions/{made}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "CONFLICT")


def test_a_replay_makes_the_same_call_again_and_names_its_origin(caller, upstream):
    made = run(caller, "private", {"parameters": {"email": "a@b.example"}}).json()["execution_id"]
    answer = caller.post(f"/api/v1/executions/{made}/replay")
    assert answer.status_code == 200
    assert [hit["body"] for hit in upstream.hits] == ['{"email":"a@b.example"}'] * 2
    shown = caller.get(f"/api/v1/executions/{answer.json()['execution_id']}").json()
    assert shown["replay_of"] == made
    later = caller.post(f"/api/v1/executions/{made}/replay", {"mode": "async"}, format="json")
    assert later.status_code == 202


def test_what_was_purged_cannot_be_replayed_or_read(caller):

    made = run(caller).json()["execution_id"]
    Payload.objects.all().delete()
    answer = caller.post(f"/api/v1/executions/{made}/replay")
    assert (answer.status_code, answer.json()["code"]) == (409, "PAYLOAD_PURGED")
    assert caller.get(f"/api/v1/executions/{made}/payload").json()["code"] == "PAYLOAD_PURGED"
    assert caller.get(f"/api/v1/executions/{made}").json()["data"] is None


def test_the_payload_shows_what_went_over_the_wire(caller):
    made = run(caller, "get_contact", {"parameters": {"id": "1"}}).json()["execution_id"]
    payload = caller.get(f"/api/v1/executions/{made}/payload").json()
    (exchange,) = payload["exchanges"]
    assert exchange["request"]["headers"]["authorization"] == "***"
    assert exchange["response"]["status"] == 200


@pytest.mark.parametrize("wait", ["-1", "61", "soon"])
def test_a_wait_out_of_range_is_refused(caller, wait):
    made = run(caller).json()["execution_id"]
    assert caller.get(f"/api/v1/executions/{made}?wait={wait}").status_code == 400


def test_a_wait_that_nobody_can_seat_answers_at_once(caller, fake_clock, monkeypatch):
    made = run(caller, body={"mode": "async"}).json()["execution_id"]
    began = fake_clock.monotonic()
    with monkeypatch.context() as full:
        full.setattr(waiting, "_waiting", waiting.seats())
        answer = caller.get(f"/api/v1/executions/{made}?wait=60")
    assert answer.json()["status"] == "queued"
    assert fake_clock.monotonic() == began


def test_a_wait_ends_with_its_time(caller, fake_clock):
    made = run(caller, body={"mode": "async"}).json()["execution_id"]
    began = fake_clock.monotonic()
    assert caller.get(f"/api/v1/executions/{made}?wait=2").json()["status"] == "queued"
    assert 2 <= fake_clock.monotonic() - began < 2.3


@pytest.mark.django_db(transaction=True)
def test_a_wait_ends_as_soon_as_the_execution_does(caller):
    made = run(caller, body={"mode": "async"}).json()["execution_id"]

    def end():
        Execution.objects.filter(pk=made).update(status=ExecutionStatus.CANCELLED, error="")
        connection.close()

    timer = threading.Timer(0.15, end)
    timer.start()
    answer = caller.get(f"/api/v1/executions/{made}?wait=10")
    timer.join()
    assert answer.json()["status"] == "cancelled"


@pytest.mark.parametrize("scopes", [(), ("read",), ("manage",), ("credentials",)])
def test_a_call_needs_the_scope_execute(api, acme, upstream, scopes):
    assert run(api(*scopes)).status_code == (403 if scopes else 401)
    assert upstream.hits == []
