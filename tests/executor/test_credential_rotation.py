"""A new secret is tried before it is in force; the old one helps out while its grace lasts."""

from __future__ import annotations

import json

import pytest

from credentials import rotation
from credentials.models import Credential
from executor.models import Execution
from integration_hub.audit.models import AuditEntry
from integration_hub.events.models import Event
from integration_hub.lib import pause
from registry import services as registry
from registry.models import Instance
from tests.executor.conftest import DOCUMENT, SECRET

NEW = "new-5e6f7a8b9c0d1e2f3a4b"
ROTATE = "/api/v1/instances/acme/credentials/rotate"


def rotate(api, token: str = NEW, **more):
    return api("credentials").post(ROTATE, {"data": {"token": token}, **more}, format="json")


def stored() -> str:
    return json.loads(Credential.objects.get().open_secret())["token"]


def test_a_secret_that_is_taken_is_in_force_and_the_old_one_is_kept(api, guarded, upstream, call):
    upstream.let_in = {SECRET, NEW}
    answer = rotate(api, grace_seconds=600)
    assert answer.status_code == 200, answer.content
    assert (answer.json()["verified"], answer.json()["revision"]) == (True, 2)
    assert answer.json()["previous_until"]
    assert stored() == NEW
    call("guarded")
    assert upstream.hits[-1]["headers"]["authorization"] == f"Bearer {NEW}"
    assert NEW not in answer.content.decode()


def test_a_rotation_is_audited_and_announced(api, guarded, upstream):
    upstream.let_in = {NEW}
    rotate(api)
    (entry,) = AuditEntry.objects.filter(action="credential.rotated")
    (event,) = Event.objects.filter(type="integration.credential.rotated")
    assert entry.target == event.subject == "acme"
    assert json.loads(entry.detail)["verified"] is True
    assert NEW not in entry.detail + event.data


def test_a_secret_that_is_refused_leaves_the_old_one_in_force(api, guarded, upstream, call):
    before = (Event.objects.count(), Execution.objects.count())
    answer = rotate(api)
    assert (answer.status_code, answer.json()["code"]) == (502, "AUTH_ERROR")
    assert "the old one stays" in answer.json()["detail"]
    assert stored() == SECRET
    assert Credential.objects.get().revision == 1
    assert Instance.objects.get().state == "disconnected"
    assert (Event.objects.count(), Execution.objects.count()) == before
    reply, _ = call("guarded")
    assert reply.status == 200


@pytest.mark.parametrize("method", ["guarded", "guarded_post"])
def test_the_old_secret_helps_out_while_its_grace_lasts(
    api, guarded, upstream, call, fake_clock, method
):
    upstream.let_in = {SECRET, NEW}
    rotate(api, grace_seconds=600)
    upstream.let_in = {SECRET}
    reply, body = call(method)
    assert (reply.status, body["attempts"]) == (200, 2)
    sent = [hit["headers"]["authorization"] for hit in upstream.hits[-2:]]
    assert sent == [f"Bearer {NEW}", f"Bearer {SECRET}"]
    fake_clock.advance(601)
    reply, body = call(method)
    assert (reply.status, body["code"]) == (502, "AUTH_ERROR")


def test_without_a_grace_the_old_secret_is_gone_at_once(api, guarded, upstream, call):
    upstream.let_in = {SECRET, NEW}
    assert rotate(api, grace_seconds=0).json()["previous_until"] is None
    upstream.let_in = {SECRET}
    assert call("guarded")[0].status == 502
    assert Credential.objects.get().previous is None


def test_what_had_its_grace_is_dropped(api, guarded, upstream, fake_clock):
    upstream.let_in = {NEW}
    rotate(api, grace_seconds=600)
    assert rotation.drop_ended() == 0
    fake_clock.advance(601)
    assert rotation.drop_ended() == 1
    row = Credential.objects.get()
    assert (row.previous, row.previous_key, row.previous_until) == (None, "", None)
    assert stored() == NEW


def test_a_put_drops_the_old_secret_too(api, guarded, upstream):
    upstream.let_in = {NEW}
    rotate(api)
    body = {"type": "bearer", "data": {"token": "third-one"}}
    assert api("credentials").put(ROTATE.removesuffix("/rotate"), body, format="json").status_code
    assert Credential.objects.get().previous is None


def test_a_change_during_the_trial_wins(api, guarded, upstream):
    upstream.let_in = {NEW}

    def change() -> None:
        Credential.objects.update(revision=7)

    with pause.at("credential-tried", change):
        answer = rotate(api)
    assert (answer.status_code, answer.json()["code"]) == (409, "CONFLICT")
    assert stored() == SECRET


def test_an_external_system_that_is_away_changes_nothing(api, acme):
    registry.create_definition(
        document={**DOCUMENT, "version": "2.0.0", "health_check": {"method": "reset"}},
        actor="tests",
        publish=True,
    )
    registry.upgrade_instance(instance=acme, version="2.0.0", actor="tests")
    assert rotate(api).json()["code"] == "CONNECTION_ERROR"
    assert stored() == SECRET


def test_without_a_method_to_ask_with_it_is_taken_and_said_so(api, acme):
    document = {**DOCUMENT, "version": "2.0.0"}
    del document["health_check"]
    registry.create_definition(document=document, actor="tests", publish=True)
    registry.upgrade_instance(instance=acme, version="2.0.0", actor="tests")
    answer = rotate(api)
    assert (answer.status_code, answer.json()["verified"]) == (200, False)
    assert stored() == NEW


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/data"),
        ({"data": {"tokn": "x"}}, "/data/tokn"),
        ({"data": {"token": "x"}, "grace_seconds": -1}, "/grace_seconds"),
        ({"data": {"token": "x"}, "grace": 1}, "/grace"),
        ({"data": "text"}, "/data"),
    ],
)
def test_a_wrong_body_is_refused_with_its_place(api, guarded, upstream, body, pointer):
    answer = api("credentials").post(ROTATE, body, format="json")
    assert answer.status_code == 400
    assert pointer in {fault["pointer"] for fault in answer.json()["errors"]}
    assert upstream.hits == []


def test_an_instance_without_a_credential_has_nothing_to_rotate(api, guarded):
    Credential.objects.all().delete()
    assert rotate(api).status_code == 404
