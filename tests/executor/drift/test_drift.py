"""An instance that takes changed answers as they are, and says what changed."""

from __future__ import annotations

import pytest

from executor.drift import seen
from executor.drift.proposal import patch_for
from executor.models import ResultDrift
from integration_hub.coordination import revision
from integration_hub.lib.errors import ValidationFailed
from registry import services as registry
from tests.executor.conftest import DOCUMENT, _http

SCHEMA = {
    "type": "object",
    "required": ["data", "total"],
    "additionalProperties": False,
    "properties": {
        "data": {"type": "array", "items": {"type": "integer"}},
        "meta": {"type": "object"},
        "total": {"type": "integer"},
    },
}
FIXED = {
    ("/total", "REQUIRED"): [{"op": "replace", "path": "/required", "value": ["data"]}],
    ("/data/*", "TYPE"): [
        {"op": "replace", "path": "/properties/data/items/type", "value": ["integer", "string"]}
    ],
    ("/number", "UNKNOWN_MEMBER"): [
        {"op": "add", "path": "/properties/number", "value": {"type": "integer"}}
    ],
}


@pytest.fixture(autouse=True)
def _fresh_counts():
    seen.process.forget()


@pytest.fixture
def acme(acme):
    methods = {**DOCUMENT["methods"], "changed": _http("/changed", result_schema=SCHEMA)}
    registry.create_definition(
        document={**DOCUMENT, "version": "1.1.0", "methods": methods}, actor="tests", publish=True
    )
    row = registry.upgrade_instance(instance=acme, version="1.1.0", actor="tests")
    return registry.update_instance(
        instance=row, actor="tests", changes={"overrides": {"result_schema": "drift"}}
    )


def test_a_result_that_breaks_its_schema_passes_and_each_field_is_counted(call, api):
    reply, body = call("changed")
    assert (reply.status, body["data"]["data"]) == (200, ["a", "b"])
    shown = api("read").get("/api/v1/instances/acme/drift").json()["results"]
    found = {(row["field"], row["code"]): row for row in shown}
    assert {place: row["patch"] for place, row in found.items()} == FIXED
    assert found["/data/*", "TYPE"]["found"] == "string"
    assert found["/total", "REQUIRED"]["found"] == "absent"
    assert {row["count"] for row in shown} == {1}


def test_counts_are_written_together_and_not_with_every_call(call, fake_clock):
    call("changed")
    for _ in range(3):
        call("changed")
    assert set(ResultDrift.objects.values_list("count", flat=True)) == {1}
    fake_clock.advance(seen.WRITE_EVERY_S + 1)
    call("changed")
    assert set(ResultDrift.objects.values_list("count", flat=True)) == {5}


def test_what_is_kept_of_one_instance_is_bounded(call, monkeypatch):
    monkeypatch.setattr(seen, "MOST_FIELDS", 2)
    call("changed")
    assert ResultDrift.objects.count() == 2


def test_an_instance_is_strict_unless_it_says_otherwise(call, acme):
    registry.update_instance(instance=acme, actor="tests", changes={"overrides": {}})
    revision.forget()
    reply, body = call("changed")
    assert (reply.status, body["code"]) == (502, "RESPONSE_INVALID")
    assert not ResultDrift.objects.exists()


def test_another_word_is_refused(acme):
    with pytest.raises(ValidationFailed):
        registry.update_instance(
            instance=acme, actor="tests", changes={"overrides": {"result_schema": "lenient"}}
        )


@pytest.mark.parametrize(
    ("schema", "field", "code"),
    [
        ({"$ref": "#/$defs/a", "$defs": {"a": {"type": "object"}}}, "/x", "REQUIRED"),
        ({"allOf": [{"required": ["x"]}]}, "/x", "REQUIRED"),
        (True, "/x", "TYPE"),
        ({"properties": {"x": {"const": 1}}}, "/x", "CONST"),
        ({}, "", "TYPE"),
    ],
)
def test_no_patch_is_proposed_where_a_machine_cannot_tell_one(schema, field, code):
    assert patch_for(schema, field, code, "string") == []
