"""A new client secret is tried where tokens are given before it is in force."""

from __future__ import annotations

import json

import pytest

from credentials import refresh_rows
from credentials.models import Credential
from integration_hub.audit.models import AuditEntry
from integration_hub.lib import pause
from registry.models import Instance
from tests.credentials.oauth2.conftest import SECRET

pytestmark = pytest.mark.django_db
ROTATE = "/api/v1/instances/shop/credentials/rotate"
NEW = "canary-new-secret-of-the-client"
CHECKED = {"read": {"http": {"method": "GET", "path": "/api/read"}}}


@pytest.fixture
def rotate(api):
    def make(**data):
        given = {"client_id": "hub", "client_secret": NEW, **data}
        return api("credentials").post(ROTATE, {"data": given}, format="json")

    return make


def test_a_token_is_acquired_with_the_new_secret_and_used_from_then_on(
    shop, server, rotate, call, stored
) -> None:
    shop({}, grant="client_credentials", methods=CHECKED, health_check={"method": "read"})
    server.add_client("hub", secret=NEW)
    answer = rotate()
    assert (answer.status_code, answer.json()["verified"]) == (200, True), answer.content
    row, data = stored()
    assert (row.revision, data["client_secret"]) == (2, NEW)
    assert Instance.objects.get().state == "connected"
    assert call()[0].status == 200
    assert server.counts["client_credentials"] == 1, "what was acquired on trial is kept"
    (entry,) = AuditEntry.objects.filter(action="credential.rotated")
    assert json.loads(entry.detail)["verified"] is True


def test_a_secret_that_gives_no_token_leaves_the_old_one_in_force(
    shop, server, rotate, call, stored
) -> None:
    shop({}, grant="client_credentials")
    answer = rotate()
    body = answer.json()
    assert (answer.status_code, body["code"], body["reason"]) == (
        502,
        "AUTH_ERROR",
        "invalid_client",
    )
    assert "the old one stays" in body["detail"]
    assert NEW not in answer.content.decode()
    row, data = stored()
    assert (row.revision, row.refresh_owner, data["client_secret"]) == (1, "", SECRET)
    assert call()[0].status == 200
    (entry,) = AuditEntry.objects.filter(action="credential.rotation_failed")
    assert json.loads(entry.detail)["code"] == "AUTH_ERROR"


def test_a_token_that_the_system_refuses_leaves_the_old_one_in_force(
    shop, server, rotate, stored
) -> None:
    shop({}, grant="client_credentials", methods=CHECKED, health_check={"method": "read"})
    server.add_client("hub", secret=NEW)
    server.always_401 = True
    assert rotate().status_code == 502
    row, data = stored()
    assert (row.revision, data["client_secret"]) == (1, SECRET)


def test_a_refresh_token_that_the_trial_spent_is_replaced_by_the_one_that_came(
    shop, server, rotate, call, stored
) -> None:
    old = server.grant()
    shop({"access_token": server.issue(), "refresh_token": old})
    server.add_client("hub", secret=NEW)
    assert rotate(access_token="***", refresh_token="***").status_code == 200
    _, data = stored()
    assert data["refresh_token"] != old
    assert server.is_live(f"Bearer {data['access_token']}")
    assert (call()[0].status, server.counts["reuse"]) == (200, 0)


def test_a_refused_client_costs_no_refresh_token(shop, server, rotate, stored) -> None:
    token = server.grant()
    shop({"access_token": server.issue(), "refresh_token": token})
    assert rotate(access_token="***", refresh_token="***").status_code == 502
    assert stored()[1]["refresh_token"] == token
    server.add_client("hub", secret=NEW)
    assert rotate(access_token="***", refresh_token="***").status_code == 200
    assert server.counts["reuse"] == 0


def test_what_only_a_person_can_try_is_refused_with_the_way_out(
    shop, server, rotate, stored
) -> None:
    shop(
        {"access_token": server.issue(), "refresh_token": server.grant()},
        grant="authorization_code",
        authorization_url=f"{server.url}/authorize",
    )
    answer = rotate()
    assert (answer.status_code, answer.json()["code"]) == (409, "CONFLICT")
    assert "refresh_token" in answer.json()["detail"]
    assert stored()[0].revision == 1
    assert server.requests == []


def test_nobody_refreshes_while_a_new_secret_is_tried_and_nobody_tries_during_a_refresh(
    shop, server, rotate
) -> None:
    shop({}, grant="client_credentials")
    server.add_client("hub", secret=NEW)
    free = []

    def look() -> None:
        free.append(refresh_rows.claim(Credential.objects.get()))

    with pause.at("credential-tried", look):
        assert rotate().status_code == 200
    assert free == [""]
    owner = refresh_rows.claim(Credential.objects.get())
    assert owner
    answer = rotate()
    assert (answer.status_code, answer.json()["code"]) == (409, "CONFLICT")
    refresh_rows.release(Credential.objects.get(), owner)
    assert rotate().status_code == 200


def test_an_instance_that_waited_for_consent_goes_on_with_a_refresh_token(
    shop, server, rotate, call
) -> None:
    shop({}, grant="authorization_code", authorization_url=f"{server.url}/authorize")
    assert Instance.objects.get().state == "pending_authentication"
    server.add_client("hub", secret=NEW)
    assert rotate(refresh_token=server.grant()).status_code == 200
    assert call()[0].status == 200
