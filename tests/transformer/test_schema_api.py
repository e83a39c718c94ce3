"""Help with schemas over REST: inferring one, comparing two."""

from __future__ import annotations

import json

import pytest

INFER, COMPARE = "/api/v1/schemas/infer", "/api/v1/schemas/compare"
OLD = {"type": "object", "properties": {"id": {"type": "integer"}}}
NEW = {**OLD, "required": ["id"]}


def post(client, address, body):
    answer = client.post(address, body, format="json")
    return answer.status_code, json.loads(answer.content)


def test_a_schema_is_made_of_samples(api):
    status, body = post(api("read"), INFER, {"samples": [{"id": 7}, {"id": 8, "x": None}]})
    assert status == 200
    assert body["schema"]["required"] == ["id"]
    assert body["schema"]["properties"] == {"id": {"type": "integer"}, "x": {"type": "null"}}


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        ({"old": OLD, "new": OLD}, "same"),
        ({"old": OLD, "new": NEW}, "breaking"),
        ({"old": NEW, "new": OLD}, "compatible"),
        ({"old": NEW, "new": OLD, "direction": "output"}, "breaking"),
        ({"old": True, "new": True}, "same"),
    ],
)
def test_two_schemas_are_compared_as_versions_are(api, body, verdict):
    status, found = post(api("read"), COMPARE, body)
    assert (status, found["verdict"]) == (200, verdict)
    assert all(change["kind"] in ("breaking", "compatible") for change in found["changes"])


@pytest.mark.parametrize(
    ("address", "body", "pointer"),
    [
        (INFER, {}, "/samples"),
        (INFER, {"samples": []}, "/samples"),
        (INFER, {"samples": [1], "x": 1}, "/x"),
        (INFER, [], ""),
        (COMPARE, {"old": OLD}, "/new"),
        (COMPARE, {"old": OLD, "new": {"type": "x"}}, "/new/type"),
        (COMPARE, {"old": {"$ref": "http://a.example/x"}, "new": OLD}, "/old/$ref"),
        (COMPARE, {"old": OLD, "new": OLD, "direction": "up"}, "/direction"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(api, address, body, pointer):
    status, problem = post(api("read"), address, body)
    assert (status, problem["code"]) == (400, "VALIDATION_ERROR")
    assert problem["errors"][0]["pointer"] == pointer
