"""Making calls again, one and many, and saying what became of an unknown one."""

from __future__ import annotations

import pytest

from executor.choices import ExecutionStatus
from executor.models import Execution, Payload
from integration_hub.audit.models import AuditEntry
from integration_hub.lib import jsonsafe
from registry import services as registry
from registry.models import Definition
from tests.executor.conftest import DOCUMENT, METHODS, _http

EMAIL = "someone@example.com"
MANY = "/api/v1/executions/replay"


@pytest.fixture
def owner(api, acme):
    return api("execute")


def made(client, method, parameters=None, **body) -> str:
    address = f"/api/v1/instances/acme/methods/{method}/execute"
    answer = client.post(address, {"parameters": parameters or {}, **body}, format="json")
    return str(answer.json()["execution_id"])


def replay(client, key, **body):
    return client.post(f"/api/v1/executions/{key}/replay", body, format="json")


def read(client, key):
    return client.get(f"/api/v1/executions/{key}").json()


def replay_many(client, **body):
    return client.post(MANY, body, format="json")


# --- whose values they are ----------------------------------------------------
def test_who_replays_anothers_call_sees_its_sensitive_values_masked(owner, api, upstream):
    first = made(owner, "private", {"email": EMAIL})
    other = api("execute", "manage")
    answer = replay(other, first)
    assert EMAIL not in answer.content.decode()
    assert answer.json()["data"]["json"]["email"] == "***"
    assert jsonsafe.loads(upstream.hits[1]["body"]) == {"email": EMAIL}
    again = answer.json()["execution_id"]
    for path in (f"/api/v1/executions/{again}", f"/api/v1/executions/{again}/payload"):
        assert EMAIL not in other.get(path).content.decode()
        assert EMAIL not in owner.get(path).content.decode()


def test_a_replay_of_anothers_replay_is_masked_too_and_the_givers_own_is_not(owner, api, upstream):
    other = api("execute", "manage")
    second = replay(other, made(owner, "private", {"email": EMAIL})).json()["execution_id"]
    third = replay(other, second)
    assert EMAIL not in third.content.decode()
    assert EMAIL not in other.get(f"/api/v1/executions/{third.json()['execution_id']}").json()
    assert len([hit for hit in upstream.hits if EMAIL in hit["body"]]) == 3
    assert (
        replay(owner, made(owner, "private", {"email": EMAIL})).json()["data"]["json"]["email"]
        == EMAIL
    )


def test_the_kept_answer_of_anothers_replay_is_masked(owner, api):
    first, other = made(owner, "private", {"email": EMAIL}), api("execute", "manage")
    address = f"/api/v1/executions/{first}/replay"
    answers = [other.post(address, HTTP_IDEMPOTENCY_KEY="k") for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert EMAIL not in answers[1].content.decode()


def test_an_async_replay_of_anothers_call_sends_its_values_and_shows_masks(
    owner, api, work, upstream
):
    other = api("execute", "manage")
    again = replay(other, made(owner, "private", {"email": EMAIL}), mode="async").json()
    row = work(Execution.objects.get(pk=again["execution_id"]))
    assert row.status == ExecutionStatus.COMPLETED
    assert jsonsafe.loads(upstream.hits[1]["body"]) == {"email": EMAIL}
    assert EMAIL not in other.get(f"/api/v1/executions/{row.pk}").content.decode()


# --- which version ------------------------------------------------------------
@pytest.fixture
def upgraded(owner, acme):
    """A call under 1.0.0; then the instance moves to 2.0.0, where `ping` is elsewhere."""
    key = made(owner, "ping")
    document = {**DOCUMENT, "version": "2.0.0", "methods": {**METHODS, "ping": _http("/two")}}
    registry.create_definition(document=document, actor="tests", publish=True)
    registry.upgrade_instance(instance=acme, version="2.0.0", actor="tests")
    return key


@pytest.mark.parametrize(
    ("definition", "path"),
    [("same", "/ok"), ("current", "/two"), ("2.0.0", "/two"), ("1.0.0", "/ok"), (None, "/ok")],
)
def test_a_replay_runs_under_the_version_that_is_asked_for(
    owner, upgraded, upstream, definition, path
):
    body = {"definition": definition} if definition else {}
    assert replay(owner, upgraded, **body).status_code == 200
    assert upstream.hits[-1]["path"] == path


def test_an_async_replay_keeps_its_version_in_the_worker(owner, upgraded, work, upstream):
    key = replay(owner, upgraded, mode="async").json()["execution_id"]
    row = work(Execution.objects.get(pk=key))
    assert (row.status, row.definition_ref) == (ExecutionStatus.COMPLETED, "acme@1.0.0")
    assert upstream.hits[-1]["path"] == "/ok"


def test_a_version_that_is_archived_gives_way_to_the_instances(owner, upgraded, upstream):
    registry.archive_definition(definition=Definition.objects.get(version="1.0.0"), actor="tests")
    assert replay(owner, upgraded).status_code == 200
    assert upstream.hits[-1]["path"] == "/two"


def test_a_version_that_is_not_there_is_not_found(owner, upgraded):
    assert replay(owner, upgraded, definition="7.0.0").json()["code"] == "DEFINITION_NOT_FOUND"


# --- what nobody knows --------------------------------------------------------
def test_an_unknown_outcome_is_repeated_only_when_that_is_confirmed(owner, upstream):
    key = made(owner, "reset_post")
    refused = replay(owner, key)
    assert (refused.status_code, refused.json()["code"]) == (409, "CONFLICT")
    assert len(upstream.hits) == 1
    assert replay(owner, key, confirm=True).status_code == 502
    assert len(upstream.hits) == 2


def test_what_a_person_found_out_stands_beside_the_final_state(owner, api):
    key = made(owner, "reset_post")
    body = {"outcome": "completed", "note": "Order 77 is there."}
    told = owner.post(f"/api/v1/executions/{key}/resolve", body, format="json").json()
    assert told["status"] == "outcome_unknown"
    assert told["resolution"]["outcome"] == "completed"
    assert read(owner, key)["resolution"]["note"] == "Order 77 is there."
    assert AuditEntry.objects.filter(action="execution.resolved", target=key).count() == 1
    strange = api("read")
    assert strange.post(f"/api/v1/executions/{key}/resolve", body, format="json").status_code == 403


def test_only_an_unknown_outcome_can_be_resolved(owner):
    key = made(owner, "ping")
    answer = owner.post(f"/api/v1/executions/{key}/resolve", {"outcome": "failed"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "CONFLICT")
    assert read(owner, key)["resolution"] is None


# --- many -----------------------------------------------------------------------
def test_what_a_filter_finds_is_queued_again(owner, work, upstream):
    keys = [made(owner, "post_status", {"code": "404", "n": number}) for number in range(3)]
    made(owner, "ping")
    answer = replay_many(owner, filter={"status": ["failed"], "instance": "acme"})
    assert answer.status_code == 202
    told = answer.json()
    assert [item["replay_of"] for item in told["results"]] == keys
    assert told["more"] is False
    rows = [Execution.objects.get(pk=item["execution_id"]) for item in told["results"]]
    assert {str(row.replay_of) for row in rows} == set(keys)
    assert {work(row).status for row in rows} == {ExecutionStatus.FAILED}
    assert len(upstream.hits) == 7
    found = owner.get(f"/api/v1/executions?replay_of={keys[0]}").json()["results"]
    assert [item["id"] for item in found] == [str(rows[0].pk)]
    assert AuditEntry.objects.get(action="execution.replayed").target == "3 of 3"


def test_no_more_than_the_limit_is_replayed_oldest_first(owner):
    keys = [made(owner, "ping") for _ in range(3)]
    told = replay_many(owner, filter={"method": "ping"}, limit=2).json()
    assert [item["replay_of"] for item in told["results"]] == keys[:2]
    assert told["more"] is True


def test_one_that_cannot_be_replayed_keeps_no_other_from_it(owner):
    unsafe, purged, good = made(owner, "reset_post"), made(owner, "reset"), made(owner, "reset")
    Payload.objects.filter(pk=purged).delete()
    told = replay_many(owner, filter={"code": "CONNECTION_ERROR"}).json()["results"]
    by_origin = {item["replay_of"]: item for item in told}
    assert by_origin[unsafe]["error"]["code"] == "CONFLICT"
    assert by_origin[purged]["error"]["code"] == "PAYLOAD_PURGED"
    assert by_origin[good]["status"] == "queued"
    confirmed = replay_many(owner, filter={"method": "reset_post"}, confirm=True).json()["results"]
    assert confirmed[0]["status"] == "queued"


def test_only_ones_own_are_replayed_without_manage(owner, api):
    made(owner, "ping")
    assert replay_many(api("execute", "read"), filter={"method": "ping"}).json()["results"] == []
    assert len(replay_many(api("execute", "manage"), filter={"method": "ping"}).json()["results"])


def test_many_are_replayed_once_under_one_key(owner):
    made(owner, "ping")
    body = {"filter": {"method": "ping"}}
    answers = [owner.post(MANY, body, format="json", HTTP_IDEMPOTENCY_KEY="k") for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    assert Execution.objects.count() == 2
    other = owner.post(MANY, {**body, "limit": 5}, format="json", HTTP_IDEMPOTENCY_KEY="k")
    assert other.status_code == 422


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/filter"),
        ({"filter": {}}, "/filter"),
        ({"filter": {"instanse": "acme"}}, "/filter/instanse"),
        ({"filter": {"status": "gone"}}, "/filter/status"),
        ({"filter": {"created_after": "soon"}}, "/filter/created_after"),
        ({"filter": {"method": "ping"}, "limit": 1001}, "/limit"),
        ({"filter": {"method": "ping"}, "mode": "sync"}, "/mode"),
    ],
)
def test_a_wrong_filter_replays_nothing(owner, body, pointer):
    made(owner, "ping")
    answer = replay_many(owner, **body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, pointer)
    assert Execution.objects.count() == 1
