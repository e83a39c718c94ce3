"""Who sees which value (contract "Masking.")."""

from __future__ import annotations

from executor import masking
from executor.models import Payload
from integration_hub.lib import jsonsafe
from tests.executor.conftest import SECRET

EMAIL = "someone@example.com"
PATH = "/api/v1/instances/acme/methods/private/execute"


def test_the_callers_answer_shows_sensitive_values_and_what_is_kept_does_not(call):
    _, body = call("private", {"email": EMAIL, "password": "hunter2secret"})
    assert body["data"]["json"]["email"] == EMAIL
    assert body["data"]["json"]["password"] == "hunter2secret"
    payload = Payload.objects.get(pk=body["execution_id"])
    for text in (payload.parameters, payload.data, payload.exchanges):
        assert EMAIL not in text
        assert "hunter2secret" not in text
    assert jsonsafe.loads(payload.data)["json"]["email"] == "***"


def test_only_the_token_that_made_the_call_reads_it_back_unmasked(api, acme):
    owner, other = api("execute"), api("read")
    made = owner.post(PATH, {"parameters": {"email": EMAIL}}, format="json").json()
    address = f"/api/v1/executions/{made['execution_id']}"
    own = owner.get(address).json()
    assert own["parameters"] == {"email": EMAIL}
    assert own["data"]["json"]["email"] == EMAIL
    shown = other.get(address)
    assert EMAIL not in shown.content.decode()
    assert shown.json()["parameters"] == {"email": "***"}
    assert EMAIL not in other.get(f"{address}/payload").content.decode()


def test_a_credential_in_the_parameters_is_masked_for_their_giver_too(api, acme):
    owner = api("execute")
    parameters = {"email": EMAIL, "note": f"see {SECRET}"}
    made = owner.post(PATH, {"parameters": parameters}, format="json").json()
    address = f"/api/v1/executions/{made['execution_id']}"
    for answer in (owner.get(address), owner.get(f"{address}/payload")):
        assert SECRET not in answer.content.decode()
        assert answer.json()["parameters"] == {"email": EMAIL, "note": "see ***"}


def test_a_replay_sends_what_was_given_though_part_of_it_is_masked(api, acme, upstream):
    owner = api("execute")
    body = {"parameters": {"note": f"see {SECRET}"}}
    made = owner.post(PATH, body, format="json").json()
    again = owner.post(f"/api/v1/executions/{made['execution_id']}/replay")
    assert again.status_code == 200
    assert [jsonsafe.loads(hit["body"]) for hit in upstream.hits] == [body["parameters"]] * 2


def test_nothing_is_sealed_twice_when_there_was_nothing_to_mask(call):
    _, body = call("xml")
    payload = Payload.objects.get(pk=body["execution_id"])
    assert payload.sealed_data is None
    assert payload.sealed_parameters is not None


def test_a_failure_does_not_carry_sensitive_values_into_its_stored_problem(call, acme):
    reply, _ = call("post_status", {"code": "500", "note": SECRET})
    assert SECRET not in reply.body.decode()


def test_the_credential_is_masked_in_every_form_without_touching_anything_else():
    value = {"a": [f"x {SECRET} y", {"b": 5}], f"k{SECRET}": None, "password": "stays"}
    assert masking.without(value, masking.Secrets([SECRET])) == {
        "a": ["x *** y", {"b": 5}],
        "k***": None,
        "password": "stays",
    }
    assert masking.without({"n": 12345678}, masking.Secrets(["12345678"])) == {"n": "***"}
    untouched = {"password": "x", "n": 1}
    assert masking.without(untouched, masking.Secrets([SECRET])) is untouched
