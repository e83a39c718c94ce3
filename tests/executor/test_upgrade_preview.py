import copy

import pytest

from executor.models import Payload
from registry import services as registry
from tests.executor.conftest import DOCUMENT

pytestmark = pytest.mark.django_db
CONTACT = {"id": {"type": "string"}, "q": {"type": "integer"}}


@pytest.fixture
def release():
    """`release(get_contact={…})`: 2.0.0, with these members of its methods changed."""

    def make(**methods):
        document = copy.deepcopy(DOCUMENT) | {"version": "2.0.0"}
        del document["health_check"]
        for name, members in methods.items():
            if members is None:
                del document["methods"][name]
            else:
                document["methods"][name] |= members
        registry.create_definition(document=document, actor="tests", publish=True)

    return make


@pytest.fixture
def preview(api):
    def ask():
        answer = api("manage").post(
            "/api/v1/instances/acme/upgrade?dry_run=true", {"version": "2.0.0"}, format="json"
        )
        assert answer.status_code == 200, answer.content
        return answer.json()

    return ask


def test_recorded_calls_that_the_new_version_would_refuse_are_named(call, release, preview):
    _, bad = call("get_contact", {"id": "1"})
    call("get_contact", {"id": "22", "q": 1})
    _, gone = call("ping")
    longer = {"type": "object", "properties": CONTACT | {"id": {"minLength": 2}}}
    release(get_contact={"param_schema": longer}, ping=None)
    body = preview()
    assert body["ok"]
    assert body["calls"]["checked"] == 3
    assert body["calls"]["different"] == [
        {"execution_id": gone["execution_id"], "method": "ping", "part": "method", "errors": []},
        {
            "execution_id": bad["execution_id"],
            "method": "get_contact",
            "part": "parameters",
            "errors": body["calls"]["different"][1]["errors"],
        },
    ]
    (fault,) = body["calls"]["different"][1]["errors"]
    assert fault["pointer"] == "/id"


def test_recorded_results_that_would_not_pass_are_named(call, release, preview):
    call("get_contact", {"id": "1"})
    release(get_contact={"result_schema": {"type": "object", "required": ["nothing"]}})
    (found,) = preview()["calls"]["different"]
    assert (found["part"], found["errors"][0]["code"]) == ("result", "REQUIRED")


def test_a_call_that_was_refused_before_is_no_difference(call, release, preview):
    call("wrong_result")
    release()
    assert preview()["calls"]["different"] == []


def test_calls_without_bodies_are_judged_by_their_method(call, release, preview):
    call("get_contact", {"id": "1"})
    Payload.objects.all().delete()
    needs = {"type": "object", "required": ["more"], "properties": CONTACT}
    release(get_contact={"param_schema": needs})
    assert preview()["calls"] == {"checked": 1, "different": []}


def test_masked_values_judge_nothing(call, release, preview):
    call("create_contact", {"password": "x", "note": "y"})
    short = {"maxLength": 0}
    schema = {"type": "object", "properties": {"password": short, "note": short}}
    release(create_contact={"param_schema": schema})
    (found,) = preview()["calls"]["different"]
    assert [fault["pointer"] for fault in found["errors"]] == ["/note"]


def test_only_the_last_hundred_calls_are_looked_at(call, release, preview, monkeypatch):
    monkeypatch.setattr("executor.upgrade_preview.LAST_CALLS", 2)
    for _ in range(3):
        call("ping")
    release(ping=None)
    assert len(preview()["calls"]["different"]) == 2
