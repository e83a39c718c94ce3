"""Define, connect, execute, see: the main job as a caller does it."""

from __future__ import annotations

import pytest

from tests.journeys.steps import CANARY, connect, execute

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo(upstream):
    return connect(upstream.url)


def test_a_call_is_mapped_signed_sent_and_its_answer_mapped_back(demo, upstream):
    answer = execute(demo, "create_contact", {"list_id": "a/b", "email": "ada@example.com"})

    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert body["status"] == "completed"
    assert body["attempts"] == 1
    assert body["cached"] is False
    assert body["data"] == {"email": "ada@example.com", "path": "/contacts/a%2Fb"}
    hit = upstream.hits[-1]
    assert hit["headers"]["authorization"] == f"Bearer {CANARY}"
    assert hit["body"] == '{"contact":{"email_address":"ada@example.com"}}'


def test_an_xml_answer_becomes_json(demo):
    answer = execute(demo, "get_order")
    assert answer.json()["data"] == {"id": 7, "skus": ["a", "b"]}


def test_the_execution_shows_what_happened_and_masks_what_is_sensitive(demo):
    done = execute(demo, "create_contact", {"list_id": "1", "email": "ada@example.com"}).json()

    mine = demo.get(f"/api/v1/executions/{done['execution_id']}").json()
    assert mine["status"] == "completed"
    assert mine["definition"] == "demo@1.0.0"
    assert mine["parameters"]["email"] == "ada@example.com"  # the token that started it
    assert [attempt["status_code"] for attempt in mine["attempt_list"]] == [200]

    from tests.journeys.steps import client  # noqa: PLC0415 - another caller

    other = client("read").get(f"/api/v1/executions/{done['execution_id']}").json()
    assert other["parameters"]["email"] == "***"
    assert other["data"]["email"] == "***"


def test_a_safe_call_is_tried_again_and_every_attempt_is_kept(demo, upstream):
    answer = execute(demo, "flaky").json()
    assert answer["attempts"] == 2
    found = demo.get(f"/api/v1/executions/{answer['execution_id']}").json()
    assert [attempt["status_code"] for attempt in found["attempt_list"]] == [503, 200]


def test_an_unsafe_call_without_an_answer_says_that_its_outcome_is_unknown(demo, upstream):
    answer = execute(demo, "reset")
    assert answer.status_code == 502
    problem = answer.json()
    assert problem["code"] == "CONNECTION_ERROR"
    assert problem["retryable"] is False
    found = demo.get(f"/api/v1/executions/{problem['execution_id']}").json()
    assert found["status"] == "outcome_unknown"
    assert len(upstream.hits) == 1


def test_wrong_parameters_are_named_one_by_one_and_nothing_is_sent(demo, upstream):
    before = len(upstream.hits)
    answer = execute(demo, "create_contact", {"email": "not-an-address", "extra": 1})
    assert answer.status_code == 400
    pointers = {fault["pointer"] for fault in answer.json()["errors"]}
    assert "/parameters/email" in pointers
    assert len(upstream.hits) == before


def test_one_idempotency_key_is_one_upstream_call(demo, upstream):
    parameters = {"list_id": "1", "email": "ada@example.com"}
    first = execute(demo, "create_contact", parameters, key="order-17")
    again = execute(demo, "create_contact", parameters, key="order-17")
    other = execute(demo, "create_contact", parameters | {"list_id": "2"}, key="order-17")

    assert again.content == first.content
    assert again.headers["Idempotency-Replayed"] == "true"
    assert other.status_code == 422
    assert other.json()["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert len(upstream.hits) == 1


@pytest.mark.parametrize(
    ("path", "code", "near"),
    [
        ("/api/v1/instances/dmeo/methods/ping/execute", "INSTANCE_NOT_FOUND", "demo"),
        ("/api/v1/instances/demo/methods/pong/execute", "METHOD_NOT_FOUND", "ping"),
    ],
)
def test_an_unknown_name_is_404_with_near_names(demo, path, code, near):
    answer = demo.post(path, {"parameters": {}}, format="json")
    assert answer.status_code == 404
    assert answer.json()["code"] == code
    assert near in answer.json()["suggestions"]
