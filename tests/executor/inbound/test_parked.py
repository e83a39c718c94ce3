"""Parked messages and failed hooks, by a person: processed once mended, or discarded."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from executor import services
from executor.inbound import admin_parked, tasking
from executor.inbound.models import ParkedMessage, ReceivedHook
from executor.models import Execution
from integration_hub.audit.models import AuditEntry
from integration_hub.events.models import Event
from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import InsufficientStorage
from registry import services as registry
from registry.models import Instance
from tests.executor.inbound.test_consuming import task

pytestmark = pytest.mark.django_db
PARKED = "/api/v1/parked-messages"
WEBHOOKS = "/api/v1/webhooks"


def park(body: bytes, *, instances=(), contexts=()) -> ParkedMessage:
    caller = tasking.caller_of(instances, contexts)
    taken = tasking.take(body, caller=caller, broker="amqp", queue="tasks")
    assert taken.parked
    return ParkedMessage.objects.order_by("-pk")[0]


@pytest.fixture
def parked(acme) -> ParkedMessage:
    """A task for an instance that was switched off, and is on again."""
    registry.disable_instance(instance=Instance.objects.get(), actor="tests")
    row = park(task(parameters={"q": 1}))
    Execution.objects.all().delete()
    registry.enable_instance(instance=Instance.objects.get(), actor="tests")
    return row


def read(answer, status=200):
    assert answer.status_code == status, answer.content
    return answer.json() if answer.content else None


def audited(action: str) -> tuple[str, dict]:
    entry = AuditEntry.objects.get(action=action)
    return entry.target, jsonsafe.loads(entry.detail)


def test_what_is_parked_is_listed_with_the_reason_and_what_it_would_call(parked, api):
    park(b"not json")
    reader = api("read")
    rows = read(reader.get(PARKED))["results"]
    assert [row["code"] for row in rows] == ["VALIDATION_ERROR", parked.code]
    assert [row["event_id"] for row in rows] == ["", "t-1"]
    one = read(reader.get(f"{PARKED}/{parked.pk}"))
    assert one["asks_for"] == {"instance": "acme", "method": "ping"}
    assert read(reader.get(f"{PARKED}/{rows[0]['id']}"))["asks_for"] == {}
    assert len(read(reader.get(PARKED, {"queue": "tasks", "event_id": "t-1"}))["results"]) == 1
    assert read(reader.get(PARKED, {"code": "POISON"}))["results"] == []
    assert reader.get(PARKED, {"colour": "red"}).status_code == 400


def test_processed_again_it_is_the_call_that_it_asked_for_and_parked_no_more(parked, api, work):
    done = read(api("manage").post(f"{PARKED}/{parked.pk}/process"))
    execution = Execution.objects.get()
    assert (done["outcome"], done["execution_id"]) == ("accepted", str(execution.pk))
    assert work(execution).status == "completed"
    answer = Event.objects.get(type="integration.method.executed")
    assert jsonsafe.loads(answer.data)["correlation_id"] == "t-1"
    assert not ParkedMessage.objects.exists()
    target, detail = audited("parked_message.processed")
    assert (target, detail["execution_id"]) == (str(parked.pk), str(execution.pk))
    assert api("manage").post(f"{PARKED}/{parked.pk}/process").status_code == 404


def test_a_task_whose_call_was_accepted_meanwhile_makes_no_second_one(parked, api):
    caller = tasking.caller_of((), ())
    body = task(parameters={"q": 1})
    first = tasking.take(body, caller=caller, broker="amqp", queue="tasks").execution_id
    done = read(api("manage").post(f"{PARKED}/{parked.pk}/process"))
    assert (done["outcome"], done["execution_id"]) == ("accepted", first)
    assert Execution.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"not json", "VALIDATION_ERROR"), (task(method="nope"), "METHOD_NOT_FOUND")],
    ids=["no task", "no such method"],
)
def test_one_that_is_refused_again_stays_and_says_why(body, code, acme, api):
    row = park(body)
    ParkedMessage.objects.update(code="INSTANCE_NOT_FOUND", reason="as it was")
    done = read(api("manage").post(f"{PARKED}/{row.pk}/process"))
    assert (done["outcome"], done["code"], done["execution_id"]) == ("parked", code, None)
    row.refresh_from_db()
    assert (row.code, row.reason) == (code, done["reason"])
    assert row.body() == body
    assert not Execution.objects.exists()


def test_a_call_that_is_rejected_leaves_its_row_and_stays_parked(parked, api):
    registry.disable_instance(instance=Instance.objects.get(), actor="tests")
    done = read(api("manage").post(f"{PARKED}/{parked.pk}/process"))
    execution = Execution.objects.get()
    assert (done["outcome"], done["execution_id"]) == ("parked", str(execution.pk))
    assert execution.status == "rejected"
    assert ParkedMessage.objects.exists()


def test_what_cannot_be_accepted_now_changes_nothing(parked, api, monkeypatch):
    def full(**_: object) -> None:
        raise InsufficientStorage("full", retry_after=5)

    monkeypatch.setattr(services, "execute", full)
    assert api("manage").post(f"{PARKED}/{parked.pk}/process").status_code == 507
    assert ParkedMessage.objects.get().code == parked.code
    assert not AuditEntry.objects.filter(action="parked_message.processed").exists()


def test_it_may_call_no_more_than_its_consumer_might(acme, api):
    row = park(task(), instances=("other",))
    done = read(api("manage").post(f"{PARKED}/{row.pk}/process"))
    assert (done["outcome"], done["code"]) == ("parked", "INSTANCE_NOT_FOUND")


def test_one_sealed_under_a_key_that_is_gone_says_so_and_can_be_discarded(parked, api):
    ParkedMessage.objects.update(raw=None)
    manager = api("manage")
    assert read(manager.get(f"{PARKED}/{parked.pk}"), 409)["code"] == "PAYLOAD_PURGED"
    assert read(manager.post(f"{PARKED}/{parked.pk}/process"), 409)["code"] == "PAYLOAD_PURGED"
    assert manager.post(f"{PARKED}/{parked.pk}/discard").status_code == 204


def test_a_discarded_message_is_gone_and_audited(parked, api):
    assert api("manage").post(f"{PARKED}/{parked.pk}/discard").status_code == 204
    assert not ParkedMessage.objects.exists()
    assert audited("parked_message.discarded")[1]["event_id"] == "t-1"
    assert api("manage").post(f"{PARKED}/{parked.pk}/discard").status_code == 404


def test_only_who_manages_everything_touches_what_is_parked(parked, api):
    for client in (api("read"), api("execute"), api("manage", instances=("acme",))):
        for verb in ("process", "discard"):
            assert client.post(f"{PARKED}/{parked.pk}/{verb}").status_code == 403
    assert api("read", contexts=("client:7",)).get(PARKED).status_code == 403
    assert ParkedMessage.objects.exists()


def test_a_failed_hook_is_discarded_its_content_gone_and_a_copy_still_known(provider, send, api):
    sent = provider("github", then="execute", method="keyed")(b"not json")
    key = send(sent).json()["webhook_id"]
    manager = api("manage")
    shown = read(manager.post(f"{WEBHOOKS}/{key}/discard"))
    assert (shown["status"], shown["body"], shown["headers"]) == ("discarded", "", {})
    assert ReceivedHook.objects.get().raw is None
    assert send(sent).json()["duplicate"] is True
    assert read(manager.post(f"{WEBHOOKS}/{key}/process"), 409)["code"] == "PAYLOAD_PURGED"
    assert "is discarded" in read(manager.post(f"{WEBHOOKS}/{key}/discard"), 409)["detail"]
    assert api("manage", instances=("other",)).post(f"{WEBHOOKS}/{key}/discard").status_code == 404
    assert read(manager.get(WEBHOOKS, {"status": "discarded"}))["results"]
    assert audited("webhook.discarded")[1]["webhook_id"] == key


def test_a_hook_that_did_not_fail_is_not_discarded(provider, send, api):
    key = send(provider("github")({})).json()["webhook_id"]
    problem = read(api("manage").post(f"{WEBHOOKS}/{key}/discard"), 409)
    assert "this is received" in problem["detail"]
    assert ReceivedHook.objects.get().body() == b"{}"


def test_the_admin_processes_and_discards_what_is_chosen(client, alice, parked):
    client.force_login(alice)
    stays, goes = park(b"not json"), park(b"nor this")
    page = client.get(reverse("admin:inbound_parkedmessage_change", args=[parked.pk]))
    assert b"call ping of acme, once." in page.content
    address = reverse("admin:inbound_parkedmessage_changelist")
    listed = client.get(address).content
    assert b"make the calls that these messages ask for" in listed
    assert b"remove these messages" in listed
    chosen = {"action": "process", "_selected_action": [parked.pk, stays.pk]}
    said = client.post(address, chosen, follow=True).content.decode()
    assert "Messages that are calls now: 1." in said
    assert "stays parked (VALIDATION_ERROR)" in said
    chosen = {"action": "discard", "_selected_action": [goes.pk]}
    assert b"Messages discarded: 1." in client.post(address, chosen, follow=True).content
    assert list(ParkedMessage.objects.values_list("pk", flat=True)) == [stays.pk]


def test_the_admin_discards_failed_hooks_and_says_of_which_it_could_not(
    client, alice, provider, send
):
    sign = provider("github", then="execute", method="note")
    for number, body in enumerate((b"not json", {"a": 1})):
        send(sign(body, event=f"d-{number}"))
    client.force_login(alice)
    rows = list(ReceivedHook.objects.all())
    chosen = {"action": "discard", "_selected_action": [row.pk for row in rows]}
    address = reverse("admin:inbound_receivedhook_changelist")
    said = client.post(address, chosen, follow=True).content.decode()
    assert "Webhooks discarded: 1." in said
    assert "this is queued" in said


def test_one_action_of_the_admin_takes_a_bounded_number(client, alice, acme, monkeypatch):
    monkeypatch.setattr(admin_parked, "MOST_AGAIN", 1)
    client.force_login(alice)
    rows = [park(json.dumps({"n": n}).encode()) for n in range(2)]
    address = reverse("admin:inbound_parkedmessage_changelist")
    chosen = {"action": "discard", "_selected_action": [row.pk for row in rows]}
    said = client.post(address, chosen, follow=True).content
    assert b"Only the newest 1 " in said
    assert list(ParkedMessage.objects.values_list("pk", flat=True)) == [rows[0].pk]


def test_an_operator_who_may_only_look_changes_nothing_in_the_admin(client, bob, parked):
    bob.user_permissions.add(Permission.objects.get(codename="view_parkedmessage"))
    client.force_login(bob)
    address = reverse("admin:inbound_parkedmessage_changelist")
    assert client.get(address).status_code == 200
    for action in ("process", "discard"):
        client.post(address, {"action": action, "_selected_action": [parked.pk]})
    assert ParkedMessage.objects.filter(pk=parked.pk).exists()
    assert not Execution.objects.exists()
