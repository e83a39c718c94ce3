"""What came in, over REST and in the admin; the secrets, which never come out."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse

from executor.delivery import purge
from executor.inbound.models import HookSecret, ReceivedHook
from executor.models import Execution
from integration_hub.coordination import dbtime
from integration_hub.events.models import Event
from integration_hub.lib import jsonsafe
from registry import services as registry
from registry.models import Definition, Instance
from tests.executor.inbound.signing import SECRET, github

pytestmark = pytest.mark.django_db
WEBHOOKS = "/api/v1/webhooks"
SECRETS = "/api/v1/instances/shop/webhook-secrets"


def test_the_list_is_newest_first_by_cursor_and_filtered(provider, send, api):
    sign = provider("github")
    for number in range(5):
        send(sign({"n": number}, event=f"d-{number}"))
    reader = api("read")
    page = reader.get(WEBHOOKS, {"page_size": 2}).json()
    assert [row["event_id"] for row in page["results"]] == ["d-4", "d-3"]
    after = reader.get(page["next"]).json()
    assert [row["event_id"] for row in after["results"]] == ["d-2", "d-1"]
    assert "body" not in page["results"][0]
    found = reader.get(WEBHOOKS, {"event_id": "d-3", "instance": "shop", "status": "received"})
    assert len(found.json()["results"]) == 1
    assert reader.get(WEBHOOKS, {"colour": "red"}).status_code == 400


def test_one_shows_its_masked_body_and_headers(provider, send, api):
    sent = provider("github")({"api_key": "k-77-88-99", "name": "x"})
    key = send(sent).json()["webhook_id"]
    answer = api("read").get(f"{WEBHOOKS}/{key}")
    assert answer.json()["body"] == '{"api_key":"***","name":"x"}'
    assert answer.json()["headers"]["x-hub-signature-256"] == "***"
    assert SECRET not in answer.content.decode()


def test_a_token_that_may_not_see_the_instance_finds_no_hook_of_it(provider, send, api):
    key = send(provider("github")({})).json()["webhook_id"]
    for limits in ({"instances": ("other",)}, {"contexts": ("client:7",)}):
        stranger = api("read", "manage", **limits)
        assert stranger.get(WEBHOOKS).json()["results"] == []
        assert stranger.get(f"{WEBHOOKS}/{key}").status_code == 404
        assert stranger.post(f"{WEBHOOKS}/{key}/process").status_code == 404
        assert stranger.get(SECRETS).status_code == 404
    assert api("execute").get(WEBHOOKS).status_code == 403


def test_a_hook_that_failed_is_processed_again_once_its_definition_is_mended(provider, send, api):
    sign = provider("github", then="execute", method="keyed")
    key = send(sign({"order": "o-1"})).json()["webhook_id"]
    assert ReceivedHook.objects.get().status == "failed"
    document = jsonsafe.loads(Definition.objects.get().document)
    document["version"] = "2.0.0"
    document["webhook"]["transform"] = {"rules": [{"source": "order", "target": "key"}]}
    registry.create_definition(document=document, actor="tests", publish=True)
    registry.upgrade_instance(instance=Instance.objects.get(), version="2.0.0", actor="tests")
    answer = api("manage").post(f"{WEBHOOKS}/{key}/process")
    assert answer.status_code == 200, answer.content
    assert answer.json()["status"] == "queued"
    assert Execution.objects.filter(status="queued").count() == 1
    assert Event.objects.filter(type="integration.webhook.received").count() == 2


def test_a_secret_made_here_is_shown_once(taking, send, api):
    taking({"verify": "github"}, secret=None)
    manager = api("manage")
    made = manager.post(SECRETS, {}, format="json")
    assert made.status_code == 201
    text = made.json()["secret"]
    assert send(github({}, secret=text)).status_code == 200
    listed = manager.get(SECRETS)
    assert text not in listed.content.decode()
    key = listed.json()["results"][0]["id"]
    assert manager.delete(f"{SECRETS}/{key}").status_code == 204
    assert send(github({}, event="d-2", secret=text)).status_code == 401
    assert manager.delete(f"{SECRETS}/{key}").status_code == 404


@pytest.mark.parametrize(
    "bad", ["shorty", "x" * 1_025, 7_878_787, {"ref": "nowhere:x"}, {"a": 1}, [1, 2]]
)
def test_a_secret_that_is_none_is_refused_and_not_quoted(bad, taking, api):
    taking({"verify": "github"}, secret=None)
    answer = api("manage").post(SECRETS, {"secret": bad}, format="json")
    assert answer.status_code == 400, answer.content
    assert answer.json()["errors"][0]["pointer"] == "/secret"
    assert str(bad) not in answer.content.decode()


def test_a_secret_in_another_form_than_the_verifier_takes_is_refused(taking, api):
    taking({"verify": "standard_webhooks"})
    answer = api("manage").post(SECRETS, {"secret": "no base64 at all!"}, format="json")
    assert "base64" in answer.json()["errors"][0]["detail"]


def test_a_secret_may_be_a_reference(taking, send, api, settings, monkeypatch):
    settings.HUB_SECRET_ENV_PREFIX = "ACME_"
    monkeypatch.setenv("ACME_HOOKS", SECRET)
    taking({"verify": "github"}, secret=None)
    made = api("manage").post(SECRETS, {"secret": {"ref": "env:ACME_HOOKS"}}, format="json")
    assert made.status_code == 201, made.content
    assert send(github({})).status_code == 200


def test_there_are_at_most_ten_secrets_and_none_without_hooks(taking, api, acme):
    taking({"verify": "github"})
    manager = api("manage")
    for _ in range(9):
        assert manager.post(SECRETS, {}, format="json").status_code == 201
    assert manager.post(SECRETS, {}, format="json").status_code == 409
    other = "/api/v1/instances/acme/webhook-secrets"
    assert manager.post(other, {}, format="json").status_code == 409
    past = {"expires_at": "2016-12-31T23:59:60Z"}
    assert manager.post(SECRETS, past, format="json").status_code in (400, 409)


def test_secrets_and_bytes_are_sealed_and_in_no_fixture(provider, send):
    send(provider("github")({"canary": "c-1-2-3-4"}))
    secret, row = HookSecret.objects.get(), ReceivedHook.objects.get()
    for held, plain in ((secret.secret, SECRET), (row.raw, "c-1-2-3-4")):
        assert plain.encode() not in held.token
    assert (secret.secret_key, row.raw_key) != ("", "")
    out = io.StringIO()
    call_command("dumpdata", stdout=out)
    assert "inbound." not in out.getvalue()


def test_bodies_go_first_and_rows_when_no_provider_repeats_any_more(provider, send, settings):
    settings.HUB_EXECUTION_RETENTION_DAYS = 1
    send(provider("github")({}))
    purge.purge(now=dbtime.now() + timedelta(days=2))
    row = ReceivedHook.objects.get()
    assert (row.raw, row.shown) == (None, "")
    assert send(github({})).json()["duplicate"] is True
    purge.purge(now=dbtime.now() + timedelta(days=15))
    assert not ReceivedHook.objects.exists()


def test_the_admin_shows_hooks_and_warns_of_unsigned_ones(taking, send, client, alice):
    taking({"verify": "none"})
    send(github({"<script>": "x"}))
    client.force_login(alice)
    row = ReceivedHook.objects.get()
    page = client.get(reverse("admin:inbound_receivedhook_change", args=[row.pk]))
    assert page.status_code == 200
    assert b"unsigned" in page.content
    assert b"<script>&quot;" not in page.content
    assert client.get(reverse("admin:inbound_receivedhook_changelist")).status_code == 200
    instance = client.get(
        reverse("admin:registry_instance_change", args=[Instance.objects.get().pk])
    )
    assert b"Webhooks are taken unsigned" in instance.content


def test_the_admin_makes_a_secret_and_shows_it_in_that_answer_alone(taking, client, alice, send):
    instance = taking({"verify": "github"}, secret=None)
    client.force_login(alice)
    address = reverse("admin:inbound_hooksecret_add")
    made = client.post(address, {"instance": instance.pk, "kind": "signing", "secret_text": ""})
    assert made.status_code == 200
    text = made.context["made"]
    assert text in made.content.decode()
    assert send(github({}, secret=text)).status_code == 200
    listed = client.get(reverse("admin:inbound_hooksecret_changelist")).content.decode()
    assert text not in listed
    bad = client.post(address, {"instance": instance.pk, "kind": "signing", "secret_text": "abc"})
    assert b"8 to 1024" in bad.content
    given = client.post(
        address, {"instance": instance.pk, "kind": "signing", "secret_text": "a-given-one-1"}
    )
    assert given.status_code == 302
    assert HookSecret.objects.count() == 2
