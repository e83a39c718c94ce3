"""Connecting by a person's consent, from the start to the stored credential."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from credentials.models import Credential, OAuthFlow
from credentials.oauth2 import authorize
from credentials.oauth2.settings import OAuthSettings
from credentials.services import stored_data
from integration_hub.audit.models import AuditEntry
from integration_hub.events.models import Event
from integration_hub.lib import clock
from integration_hub.lib.errors import ValidationFailed
from registry.models import Instance
from tests.credentials.oauth2.consent import CALLBACK, CLIENT, CLIENT_SECRET, consent, entry, shop

pytestmark = pytest.mark.django_db
__all__ = ["consent", "shop"]

START = "/api/v1/instances/shop/oauth2/start"
FINISH = "/api/v1/instances/shop/oauth2/callback"


def test_what_a_person_is_sent_to_says_everything_once_and_no_secret(shop, consent, api) -> None:
    started = api("credentials").post(START, CLIENT, format="json")
    assert started.status_code == 200, started.content
    assert set(started.json()) == {"authorization_url", "state", "expires_at"}
    assert started["Cache-Control"] == "no-store"
    said = dict(parse_qsl(urlsplit(started.json()["authorization_url"]).query))
    challenge = said.pop("code_challenge")
    assert len(challenge) == 43
    assert said == {
        "prompt": "consent",
        "response_type": "code",
        "client_id": "hub",
        "redirect_uri": "http://localhost:8000/api/v1/oauth2/callback",
        "scope": "contacts.read contacts.write",
        "state": started.json()["state"],
        "code_challenge_method": "S256",
        "resource": "https://api.acme.example/",
    }


def test_a_program_connects_and_the_credential_is_there(shop, consent, api) -> None:
    client = api("credentials")
    started = client.post(START, CLIENT, format="json").json()
    back = consent.consent(started["authorization_url"])
    done = client.post(FINISH, back, format="json")
    assert done.status_code == 200, done.content
    assert (done.json()["status"], done.json()["status_reason"]) == ("active", "")
    assert CLIENT_SECRET not in done.content.decode()
    row = Credential.objects.get(instance=shop)
    data = stored_data(row)
    assert data["access_token"].startswith("at-")
    assert data["refresh_token"].startswith("rt-")
    assert data["client_secret"] == CLIENT_SECRET
    assert data["scope"] == "contacts.read contacts.write"
    assert Instance.objects.get(pk=shop.pk).state == "disconnected"
    assert consent.counts["authorization_code"] == 1
    actions = AuditEntry.objects.order_by("id").values_list("action", flat=True)
    assert [a for a in actions if a.startswith("credential.")] == [
        "credential.connect_started",
        "credential.created",
    ]
    assert OAuthFlow.objects.get().secret is None


def test_the_stored_client_is_used_and_a_second_connection_rotates(shop, consent, api, put) -> None:
    put(shop, "oauth2", CLIENT)
    client = api("credentials")
    for _ in range(2):
        started = client.post(START, {}, format="json").json()
        back = consent.consent(started["authorization_url"])
        assert client.post(FINISH, back, format="json").status_code == 200
    row = Credential.objects.get(instance=shop)
    assert row.revision == 3
    rotated = Event.objects.filter(type="integration.credential.rotated").count()
    assert rotated == 2
    assert consent.counts["secret in a URL"] == 0


def test_a_browser_that_a_token_sent_finishes_by_itself(shop, consent, api, client) -> None:
    started = api("credentials").post(START, CLIENT, format="json").json()
    page = client.get(CALLBACK, consent.consent(started["authorization_url"]))
    assert page.status_code == 200
    assert page["Content-Type"].startswith("text/html")
    assert page["Referrer-Policy"] == "no-referrer"
    assert "no-store" in page["Cache-Control"]
    assert "Connected" in page.content.decode()
    assert Credential.objects.filter(instance=shop).exists()


def test_less_than_was_asked_for_is_stored_and_said(shop, consent, api) -> None:
    consent.granted = "contacts.read"
    client = api("credentials")
    started = client.post(START, CLIENT, format="json").json()
    done = client.post(FINISH, consent.consent(started["authorization_url"]), format="json")
    assert done.status_code == 200
    assert "contacts.write is missing" in done.json()["status_reason"]
    shown = api("read").get("/api/v1/instances/shop/credentials").json()
    assert "contacts.write is missing" in shown["status_reason"]
    assert (shown["scope"], shown["scope_missing"]) == ("contacts.read", "contacts.write")


def test_an_answer_without_a_scope_grants_what_was_asked(shop, consent, api) -> None:
    consent.granted = ""
    client = api("credentials")
    started = client.post(START, {**CLIENT, "scope": "contacts.read"}, format="json").json()
    done = client.post(FINISH, consent.consent(started["authorization_url"]), format="json")
    assert done.json()["status_reason"] == ""
    assert stored_data(Credential.objects.get())["scope"] == "contacts.read"


def test_a_stored_client_alone_still_waits_for_a_person(shop, put, consent, api) -> None:
    put(shop, "oauth2", CLIENT)
    waiting = Instance.objects.get(pk=shop.pk)
    assert waiting.state == "pending_authentication"
    assert "/instances/shop/oauth2/start" in waiting.state_reason


def test_a_referenced_client_secret_is_looked_up_and_stays_a_reference(
    shop, put, consent, api, monkeypatch
) -> None:
    monkeypatch.setenv("HUB_SECRET_SHOP", CLIENT_SECRET)
    reference = {"ref": "env:HUB_SECRET_SHOP"}
    put(shop, "oauth2", {"client_id": "hub", "client_secret": reference})
    client = api("credentials")
    started = client.post(START, {}, format="json").json()
    done = client.post(FINISH, consent.consent(started["authorization_url"]), format="json")
    assert done.status_code == 200, done.content
    assert stored_data(Credential.objects.get())["client_secret"] == reference


def test_without_a_client_it_says_where_to_put_one(shop, api) -> None:
    refused = api("credentials").post(START, {}, format="json")
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["pointer"] == "/client_id"
    assert not OAuthFlow.objects.exists()


@pytest.mark.parametrize(
    "body", [{"auth": "token"}, {"auth": 7}, {"client": "x"}, [], "x", {"scope": "s" * 4_001}]
)
def test_a_wrong_start_is_refused_with_its_place(shop, api, body) -> None:
    refused = api("credentials").post(START, body, format="json")
    assert refused.status_code == 400, refused.content
    assert refused.json()["code"] == "VALIDATION_ERROR"


def test_extra_parameters_cannot_say_what_the_protocol_says(consent, connect, api) -> None:
    settings = OAuthSettings(
        grant="authorization_code",
        token_url="https://x.example/t",
        authorization_url="https://x.example/a?state=evil&tenant=7&code_challenge_method=plain",
        extra_params={"redirect_uri": "https://evil.example", "state": "s", "login_hint": "d"},
    )
    url = authorize.build_url(settings, client_id="hub", scope="", state="S", verifier="v" * 43)
    pairs = parse_qsl(urlsplit(url).query)
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names))
    said = dict(pairs)
    assert (said["state"], said["tenant"], said["login_hint"]) == ("S", "7", "d")
    assert said["code_challenge_method"] == "S256"
    assert said["redirect_uri"].endswith(CALLBACK)


@pytest.mark.parametrize("name", ["state", "request", "request_uri", "response_mode"])
def test_a_definition_with_such_parameters_is_refused(consent, connect, name) -> None:
    with pytest.raises(ValidationFailed) as refused:
        connect("bad", auth=[entry(consent, extra_params={name: "x"})])
    assert refused.value.errors[0].pointer == f"/auth/0/extra_params/{name}"


def test_an_ended_flow_is_forgotten_at_a_later_start(shop, api, fake_clock) -> None:
    client = api("credentials")
    client.post(START, CLIENT, format="json")
    fake_clock.advance(timedelta(hours=2).total_seconds())
    client.post(START, CLIENT, format="json")
    (left,) = OAuthFlow.objects.all()
    assert left.expires_at > clock.now()
