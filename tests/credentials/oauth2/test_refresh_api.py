"""Renewing on demand, and what is looked after without a call."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from credentials import renewing, services
from credentials.models import Credential
from integration_hub.lib import clock
from tests.credentials.oauth2.conftest import CALLER
from tests.credentials.oauth2.test_refresh import PAST, events

pytestmark = pytest.mark.django_db
URL = "/api/v1/instances/shop/credentials"


def test_a_credential_is_renewed_at_once_and_described(shop, api, server):
    shop({}, grant="client_credentials")
    answer = api("credentials").post(f"{URL}/refresh")
    assert answer.status_code == 200
    told = answer.json()
    assert (told["status"], told["revision"]) == ("active", 2)
    assert told["expires_at"] > told["refresh_at"] > told["refreshed_at"]
    assert answer.json() == api("credentials").get(URL).json()
    assert server.counts["token"] == 1


def test_while_somebody_renews_it_says_so(shop, api):
    shop({}, grant="client_credentials")
    Credential.objects.update(refresh_owner="x", refresh_until=clock.now() + timedelta(seconds=9))
    assert api("read").get(URL).json()["status"] == "refreshing"


def test_a_failure_is_told_with_its_reason_and_a_person_is_not_made_to_wait(shop, api, server):
    shop({}, grant="client_credentials")
    server.answer_next(200, b"<html>")
    client = api("credentials")
    answer = client.post(f"{URL}/refresh")
    assert (answer.status_code, answer.json()["reason"]) == (502, "is_html")
    assert client.get(URL).json()["status"] == "active"
    assert client.post(f"{URL}/refresh").status_code == 200


def test_what_only_a_person_can_renew_is_a_conflict(shop, api):
    shop({"access_token": "t"}, grant="authorization_code")
    answer = api("credentials").post(f"{URL}/refresh")
    assert (answer.status_code, answer.json()["code"]) == (409, "CONFLICT")


def test_without_a_credential_there_is_nothing_to_renew(shop, api):
    shop()
    assert api("credentials").post(f"{URL}/refresh").status_code == 404


def test_a_refresh_needs_the_scope(shop, api):
    shop({}, grant="client_credentials")
    assert api("read", "execute").post(f"{URL}/refresh").status_code == 403


def test_the_end_is_announced_seven_days_and_one_day_before_once_each(shop, fake_clock):
    instance = shop(grant="authorization_code")
    ends = clock.now() + timedelta(days=10)
    services.put_credential(
        instance=instance,
        type="oauth2",
        data={"access_token": "t", "expires_at": clock.rfc3339(ends)},
        caller=CALLER,
    )
    told = []
    for _ in range(11 * 4):
        renewing.attend()
        told.append(len(events("integration.credential.expiring")))
        fake_clock.advance(6 * 3600)
    assert told.index(1) == 3 * 4
    assert told.index(2) == 9 * 4
    assert told[-1] == 2


def test_an_idle_refresh_token_is_used_before_it_ends(shop, server, fake_clock):
    held = {"access_token": "t", "expires_at": "2999-01-01T00:00:00Z"}
    shop({**held, "refresh_token": server.grant()}, refresh_idle_seconds=86_400)
    assert renewing.attend() == 0
    fake_clock.advance(86_400 * 0.76)
    renewing.attend()
    assert server.counts["refresh_token"] == 1
    fake_clock.advance(86_400 * 0.5)
    renewing.attend()
    assert server.counts["refresh_token"] == 1, "it was used meanwhile"


def test_a_token_put_with_an_end_in_the_past_is_renewed_not_refused(shop, api, server):
    shop({"access_token": "t", "refresh_token": server.grant(), "expires_at": PAST})
    assert api("read").get(URL).json()["status"] == "active"


def test_an_operator_renews_it_in_the_admin(shop, client, alice, server):
    shop({}, grant="client_credentials")
    client.force_login(alice)
    page = reverse("admin:credentials_credential_change", args=[Credential.objects.get().pk])
    assert "Renew now" in client.get(page).content.decode()
    answer = client.post(page, {"_renew": ""}, follow=True).content.decode()
    assert "is renewed, until" in answer
    assert (server.counts["token"], Credential.objects.get().revision) == (1, 2)
    server.answer_next(400, {"error": "invalid_client"})
    rows = reverse("admin:credentials_credential_changelist")
    chosen = {"action": "renew", "_selected_action": [str(Credential.objects.get().pk)]}
    assert "invalid_client" in client.post(rows, chosen, follow=True).content.decode()
