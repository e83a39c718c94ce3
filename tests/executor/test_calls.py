"""The life of a sync call, step by step."""

from __future__ import annotations

import pytest

from executor.choices import ExecutionStatus
from executor.models import Attempt, Execution, Payload
from integration_hub.access.caller import Caller
from integration_hub.events.models import Event
from integration_hub.lib import errors, jsonsafe
from registry import services as registry
from registry.adapter import adapters
from registry.models import Instance
from tests.executor.conftest import SECRET


def test_a_call_reaches_the_system_with_the_credential_and_answers_with_its_result(call, upstream):
    reply, body = call("get_contact", {"id": "a b", "q": 5})
    (hit,) = upstream.hits
    assert hit["path"] == "/contacts/a%20b"
    assert hit["query"] == {"q": "5"}
    assert hit["headers"]["authorization"] == f"Bearer {SECRET}"
    assert reply.status == 200
    assert body["status"] == "completed"
    assert body["data"]["path"] == hit["path"]
    assert body["attempts"] == 1
    assert body["cached"] is False
    assert body["duration_ms"] > 0


def test_the_row_its_attempt_and_its_payload_tell_the_whole_story(call):
    _, body = call("get_contact", {"id": "7"}, correlation_id="c-1", metadata={"a": 1})
    row = Execution.objects.get(pk=body["execution_id"])
    assert row.status == ExecutionStatus.COMPLETED
    assert (row.instance_slug, row.definition_ref, row.method) == (
        "acme",
        "acme@1.0.0",
        "get_contact",
    )
    assert row.caller == "command:tests"
    assert row.credential_id is not None
    assert row.credential_revision == 1
    assert row.lease_until is None
    assert row.attempts == 1
    assert row.duration_ms == body["duration_ms"]
    attempt = Attempt.objects.get(execution_id=row.pk)
    assert (attempt.number, attempt.status_code, attempt.code) == (1, 200, "")
    payload = Payload.objects.get(pk=row.pk)
    assert jsonsafe.loads(payload.parameters) == {"id": "7"}
    (exchange,) = jsonsafe.loads(payload.exchanges)
    assert exchange["request"]["method"] == "GET"
    assert exchange["response"]["status"] == 200


def test_the_hubs_credential_is_masked_everywhere_even_when_the_system_echoes_it(call):
    reply, body = call("ping")
    assert SECRET.encode() not in reply.body
    assert body["data"]["headers"]["authorization"] == "Bearer ***"
    payload = Payload.objects.get(pk=body["execution_id"])
    for text in (payload.parameters, payload.data, payload.exchanges):
        assert SECRET not in text


def test_a_credential_that_the_caller_repeats_in_its_parameters_is_not_kept(call):
    _, body = call("create_contact", {"note": f"see {SECRET}"})
    assert SECRET not in Payload.objects.get(pk=body["execution_id"]).parameters


def test_the_first_success_connects_the_instance_and_later_ones_write_nothing_to_it(call):
    call("ping")
    row = Instance.objects.get(slug="acme")
    assert row.state == "connected"
    since = row.state_since
    call("ping")
    row.refresh_from_db()
    assert row.state_since == since
    types = list(Event.objects.filter(subject="acme").values_list("type", flat=True))
    assert types.count("integration.connected") == 1
    assert types.count("integration.method.executed") == 2


def test_a_transform_shapes_the_request_and_the_answer(call, upstream):
    _, body = call("shaped", {"email": "a@example.com"})
    assert jsonsafe.loads(upstream.hits[0]["body"]) == {"contact": {"email": "a@example.com"}}
    assert body["data"] == {"mail": "a@example.com"}


def test_a_request_that_cannot_be_shaped_is_rejected_and_nothing_is_sent(call, upstream):
    reply, body = call("shaped", {})
    assert reply.status == 422
    assert body["code"] == "TRANSFORM_ERROR"
    assert Execution.objects.get(pk=body["execution_id"]).status == ExecutionStatus.REJECTED
    assert upstream.hits == []


def test_wrong_parameters_are_refused_with_a_pointer_each_and_leave_one_rejected_row(
    call, upstream
):
    with pytest.raises(errors.ValidationFailed) as refusal:
        call("get_contact", {"q": "x", "z": 1})
    pointers = {fault.pointer for fault in refusal.value.errors}
    assert "/parameters/q" in pointers
    assert len(refusal.value.errors) == 3
    row = Execution.objects.get(pk=refusal.value.extra["execution_id"])
    assert row.status == ExecutionStatus.REJECTED
    assert row.code == "VALIDATION_ERROR"
    assert upstream.hits == []


def test_an_unknown_instance_or_method_makes_no_row_and_names_what_is_near(call):
    with pytest.raises(errors.MethodNotFound) as refusal:
        call("get_contct", {})
    assert refusal.value.suggestions[0] == "get_contact"
    assert not Execution.objects.exists()


def test_an_instance_that_is_not_ready_leaves_one_rejected_row(call, acme):

    registry.disable_instance(instance=acme, actor="tests")
    with pytest.raises(errors.InstanceNotReady):
        call("ping")
    assert Execution.objects.get().code == "INSTANCE_NOT_READY"


@pytest.mark.parametrize(
    ("code", "expected", "retryable"),
    [("404", "INTEGRATION_ERROR", False), ("503", "INTEGRATION_ERROR", True)],
)
def test_a_refusal_of_the_system_is_told_with_its_status(call, code, expected, retryable):
    reply, body = call("status", {"code": code})
    assert reply.status == 502
    assert body["code"] == expected
    assert body["retryable"] is retryable
    assert body["upstream"]["status"] == int(code)
    assert body["execution_id"]
    assert reply.headers["Content-Type"] == "application/problem+json"


def test_an_unsafe_call_is_never_called_retryable_after_an_answer(call):
    _, body = call("post_status", {"code": "503"})
    assert body["retryable"] is False


@pytest.mark.parametrize("code", ["401", "403"])
def test_a_rejected_credential_says_so_and_the_next_success_clears_it(call, code):
    reply, body = call("status", {"code": code})
    assert (reply.status, body["code"]) == (502, "AUTH_ERROR")
    assert Instance.objects.get(slug="acme").state == "auth_error"
    told = Event.objects.get(type="integration.auth.failed")
    assert jsonsafe.loads(told.data)["reason"] == "rejected"
    call("status", {"code": code})
    assert Event.objects.filter(type="integration.auth.failed").count() == 1
    call("ping")
    assert Instance.objects.get(slug="acme").state == "connected"


def test_a_result_that_breaks_its_schema_is_not_passed_on(call):
    reply, body = call("wrong_result")
    assert (reply.status, body["code"]) == (502, "RESPONSE_INVALID")
    assert body["errors"][0]["pointer"].startswith("/data")


def test_an_answer_that_cannot_be_read_is_not_passed_on(call):
    _, body = call("bad_json")
    assert body["code"] == "RESPONSE_INVALID"


def test_an_xml_answer_becomes_json(call):
    _, body = call("xml")
    assert body["data"]["order"]["@id"] == "7"


def test_a_redirect_that_the_definition_does_not_allow_is_an_error(call):
    _, body = call("redirects", {"to": "/ok"})
    assert body["code"] == "INTEGRATION_ERROR"
    assert body["upstream"]["status"] == 302


def test_an_idempotent_call_that_gets_no_answer_may_be_repeated(call):
    reply, body = call("reset")
    assert (reply.status, body["code"], body["retryable"]) == (502, "CONNECTION_ERROR", True)
    assert Execution.objects.get().status == ExecutionStatus.FAILED


@pytest.mark.parametrize(
    ("method", "status", "code"),
    [("reset_post", 502, "CONNECTION_ERROR"), ("hang_post", 504, "TIMEOUT_ERROR")],
)
def test_an_unsafe_call_without_an_answer_is_of_unknown_outcome(call, method, status, code):
    reply, body = call(method)
    assert (reply.status, body["code"], body["retryable"]) == (status, code, False)
    row = Execution.objects.get(pk=body["execution_id"])
    assert row.status == ExecutionStatus.OUTCOME_UNKNOWN


def test_the_bodys_timeout_bounds_the_whole_execution(call):
    reply, body = call("slow", timeout_ms=150)
    assert (reply.status, body["code"]) == (504, "TIMEOUT_ERROR")
    assert Execution.objects.get().duration_ms < 1500


def test_a_fault_of_adapter_code_ends_that_call_alone(call, monkeypatch):

    def broken(self, call):
        raise RuntimeError("boom")

    monkeypatch.setattr(type(adapters.get("http")), "call", broken)
    reply, body = call("ping")
    assert (reply.status, body["code"]) == (500, "ADAPTER_ERROR")
    assert "boom" not in body["detail"]
    monkeypatch.undo()
    assert call("ping")[0].status == 200


def test_a_caller_without_the_scope_is_refused(call):
    with pytest.raises(errors.Forbidden):
        call("ping", caller=Caller(owner="token:x", scopes=frozenset({"read"})))


def test_what_the_caller_may_not_see_is_not_found(call):
    hidden = Caller(
        owner="token:x", scopes=frozenset({"execute"}), instances=frozenset({"another"})
    )
    with pytest.raises(errors.InstanceNotFound):
        call("ping", caller=hidden)


def test_a_prohibited_address_never_gets_a_byte(call, settings, upstream):
    settings.HUB_OUTBOUND_ALLOW = []
    reply, body = call("ping")
    assert (reply.status, body["code"]) == (403, "TARGET_FORBIDDEN")
    assert Execution.objects.get().status == ExecutionStatus.REJECTED
    assert upstream.hits == []


@pytest.mark.parametrize("charset", ["windows-1252", "iso-8859-15", "utf-16", "utf-8"])
def test_an_answer_is_read_in_the_character_set_that_it_names(call, charset):
    _, body = call("charset", {"as": charset, "said": charset})
    assert body["data"] == "grüße €"


def test_the_log_shows_an_answer_in_its_character_set_too(call):
    _, body = call("charset", {"as": "windows-1252", "said": "windows-1252"})
    (exchange,) = jsonsafe.loads(Payload.objects.get(pk=body["execution_id"]).exchanges)
    assert exchange["response"]["body"] == "grüße €"


@pytest.mark.parametrize(("really", "said"), [("windows-1252", "utf-8"), ("utf-8", "klingon-1")])
def test_an_answer_that_does_not_fit_its_character_set_is_refused(call, really, said):
    reply, body = call("charset", {"as": really, "said": said})
    assert (reply.status, body["code"]) == (502, "RESPONSE_INVALID")
    assert "character set" in body["detail"] or "utf-8" in body["detail"].lower()
