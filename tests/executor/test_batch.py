"""Many calls in one request (contract §3): always async, each accepted or refused by itself."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_q.models import OrmQ

from executor import batching
from executor.api.batch_body import MAX_CALLS
from executor.choices import ExecutionStatus
from executor.models import Execution, IdempotencyRecord, Payload
from integration_hub.lib import pause
from registry import services as registry

PATH = "/api/v1/executions/batch"
PING = {"instance": "acme", "method": "ping", "parameters": {}}


@pytest.fixture
def client(api, acme):
    return api("execute")


def send(client, *calls, **headers):
    return client.post(PATH, {"calls": list(calls)}, format="json", **headers)


def results(client, *calls):
    answer = send(client, *calls)
    assert answer.status_code == 202, answer.content
    found = answer.json()["results"]
    assert [entry["index"] for entry in found] == list(range(len(calls)))
    return found


def test_every_call_is_queued_and_run_by_a_worker(client, work, upstream):
    calls = [
        {"instance": "acme", "method": "get_contact", "parameters": {"id": str(number)}}
        for number in range(3)
    ]
    found = results(client, *calls)
    assert all(set(entry) == {"index", "execution_id", "status"} for entry in found)
    assert {entry["status"] for entry in found} == {"queued"}
    assert upstream.hits == []
    for number, entry in enumerate(found):
        done = work(Execution.objects.get(pk=entry["execution_id"]))
        assert done.status == ExecutionStatus.COMPLETED
        assert upstream.hits[number]["path"] == f"/contacts/{number}"


def test_a_call_of_a_batch_is_async_and_waits_behind_people(client):
    (entry,) = results(client, {"instance": "acme", "method": "ping"})
    row = client.get(f"/api/v1/executions/{entry['execution_id']}").json()
    assert (row["mode"], row["priority"], row["parameters"]) == ("async", "batch", {})


def test_one_refused_call_keeps_no_other_from_being_accepted(client):
    found = results(
        client,
        PING,
        {"instance": "acmee", "method": "ping"},
        {"instance": "acme", "method": "pin"},
        {"instance": "acme", "method": "get_contact", "parameters": {"q": "x"}},
        {"integration": "acme@^9", "method": "ping"},
        PING,
    )
    assert ["execution_id" in entry for entry in found] == [True, *[False] * 4, True]
    codes = [entry["error"]["code"] for entry in found[1:5]]
    assert codes == [
        "INSTANCE_NOT_FOUND",
        "METHOD_NOT_FOUND",
        "VALIDATION_ERROR",
        "DEFINITION_NOT_FOUND",
    ]
    assert found[1]["error"]["suggestions"] == ["acme"]
    pointers = {fault["pointer"] for fault in found[3]["error"]["errors"]}
    assert all(pointer.startswith("/calls/3/parameters") for pointer in pointers)
    rejected = Execution.objects.get(pk=found[3]["error"]["execution_id"])
    assert rejected.status == ExecutionStatus.REJECTED
    assert Execution.objects.count() == 3


@pytest.mark.parametrize(
    ("call", "pointer"),
    [
        (None, ""),
        ([], ""),
        ({"instance": "acme"}, "/method"),
        ({"method": "ping"}, "/instance"),
        ({**PING, "integration": "acme"}, "/instance"),
        ({**PING, "context": {"client_id": "c"}}, "/context"),
        ({**PING, "parameters": []}, "/parameters"),
        ({**PING, "mode": "sync"}, "/mode"),
        ({**PING, "idempotency_key": ""}, "/idempotency_key"),
        ({**PING, "idempotency_key": "a\nb"}, "/idempotency_key"),
        ({**PING, "idempotency_key": 5}, "/idempotency_key"),
        ({**PING, "paramters": {}}, "/paramters"),
        ({"integration": "ac\0me", "method": "ping"}, "/integration"),
        ({**PING, "not_before": "soon"}, "/not_before"),
    ],
)
def test_a_call_that_cannot_be_read_says_where(client, call, pointer):
    good, bad = results(client, PING, call)
    assert "execution_id" in good
    assert bad["error"]["code"] == "VALIDATION_ERROR"
    assert bad["error"]["errors"][0]["pointer"] == f"/calls/1{pointer}"
    assert Execution.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ([], ""),
        ({}, "/calls"),
        ({"calls": {}}, "/calls"),
        ({"calls": []}, "/calls"),
        ({"calls": [PING] * (MAX_CALLS + 1)}, "/calls"),
        ({"calls": [PING], "mode": "async"}, "/mode"),
    ],
)
def test_a_body_that_is_no_batch_is_refused_whole(client, body, pointer):
    answer = client.post(PATH, body, format="json")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert not Execution.objects.exists()


def test_a_key_makes_its_call_once_in_one_batch_and_over_several(client):
    keyed = {**PING, "idempotency_key": "k"}
    first, second, other = results(client, keyed, keyed, {**PING, "idempotency_key": "l"})
    assert first["execution_id"] == second["execution_id"] != other["execution_id"]
    (again,) = results(client, keyed)
    assert (again["execution_id"], again["status"]) == (first["execution_id"], "queued")
    (changed,) = results(client, {**keyed, "priority": "interactive"})
    assert changed["error"]["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert Execution.objects.count() == IdempotencyRecord.objects.count() == 2


def test_a_refused_call_leaves_its_key_free(client):
    call = {"instance": "acme", "method": "get_contact", "idempotency_key": "k"}
    (refused,) = results(client, {**call, "parameters": {}})
    assert refused["error"]["status"] == 400
    (taken,) = results(client, {**call, "parameters": {"id": "1"}})
    assert taken["status"] == "queued"


def test_one_key_for_the_whole_batch_is_refused_rather_than_ignored(client):
    answer = send(client, PING, HTTP_IDEMPOTENCY_KEY="k")
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR")
    assert not Execution.objects.exists()


def test_an_integration_and_a_context_choose_the_instance(client, upstream):
    registry.create_instance(
        definition="acme@1.0.0",
        slug="acme-client",
        actor="tests",
        config={"base_url": upstream.url},
        context={"type": "client", "id": "c1"},
    )
    call = {"integration": "acme", "method": "ping"}
    (found,) = results(client, call)
    assert Execution.objects.get(pk=found["execution_id"]).instance_slug == "acme"


def test_a_token_calls_only_what_it_sees(api, acme):
    (entry,) = results(api("execute", instances=("other",)), PING)
    assert entry["error"]["code"] == "INSTANCE_NOT_FOUND"
    assert send(api("read"), PING).status_code == 403


def test_the_most_calls_are_taken_and_nudge_the_workers_once(
    client, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        found = results(client, {**PING, "idempotency_key": "k"}, *[PING] * (MAX_CALLS - 1))
    assert len({entry["execution_id"] for entry in found}) == MAX_CALLS
    assert Execution.objects.count() == Payload.objects.count() == MAX_CALLS
    assert OrmQ.objects.count() == 1


def test_the_rows_of_a_batch_share_their_statements(client, on_postgres):
    results(client, PING)
    with CaptureQueriesContext(connection) as captured:
        results(client, *[PING] * batching.ROWS_A_STATEMENT)
    inserts = [
        query["sql"] for query in captured.captured_queries if "executor_payload" in query["sql"]
    ]
    assert len(inserts) == 1
    assert ("executor_execution" in inserts[0]) == on_postgres


def test_calls_with_keys_share_their_statements_too(client):
    results(client, PING)
    counts = []
    for size in (20, batching.ROWS_A_STATEMENT):
        calls = [{**PING, "idempotency_key": f"{size}-{number}"} for number in range(size)]
        for _ in range(2):  # made, and then asked for again
            with CaptureQueriesContext(connection) as captured:
                results(client, *calls)
            counts.append(len(captured))
    assert max(counts) <= min(counts) + 8, counts


def test_refused_calls_share_their_statements_too(client):
    wrong = {"instance": "acme", "method": "get_contact", "parameters": {}}
    counts = []
    results(client, wrong)
    for size in (1, 100):
        with CaptureQueriesContext(connection) as captured:
            results(client, *[wrong] * size)
        counts.append(len(captured))
    assert counts[0] == counts[1]
    assert Execution.objects.filter(status=ExecutionStatus.REJECTED).count() == 102


def test_a_repeated_batch_gets_the_same_ids_and_only_what_is_new_is_made(client):
    calls = [{**PING, "idempotency_key": f"k{number}"} for number in range(5)]
    first = results(client, *calls[:3])
    second = results(client, *calls)
    assert [entry["execution_id"] for entry in second[:3]] == [
        entry["execution_id"] for entry in first
    ]
    assert Execution.objects.count() == 5


def test_a_batch_that_fails_halfway_leaves_nothing(client, monkeypatch):
    monkeypatch.setattr(batching, "ROWS_A_STATEMENT", 2)
    broken = {**PING, "correlation_id": "x", "idempotency_key": "k"}

    with pause.at("batch-portion", _at_the_second(RuntimeError)):
        assert send(client, *[broken], *[PING] * 5).status_code == 500
    assert not Execution.objects.exists()
    assert not IdempotencyRecord.objects.exists()


def _at_the_second(error):
    seen = []

    def hook():
        seen.append(1)
        if len(seen) == 2:
            raise error

    return hook
