"""How a request proves who sends it."""

import pytest
from rest_framework.test import APIClient

from integration_hub.access import services

pytestmark = pytest.mark.django_db

ADDRESS = "/api/v1/audit"


def status(client, **headers):
    return client.get(ADDRESS, **headers).status_code


def test_without_credentials_it_is_401_with_a_challenge():
    response = APIClient().get(ADDRESS)
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Bearer realm="integration-hub"'
    assert response.json()["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer", "Basic YTpi", "Token x", "bearer  "])
def test_bad_credentials_are_401_and_say_so(header):
    response = APIClient().get(ADDRESS, HTTP_AUTHORIZATION=header)
    assert response.status_code == 401
    assert 'error="invalid_token"' in response["WWW-Authenticate"]


def test_a_missing_scope_is_403_and_names_it(api):
    response = api("read", "execute").get(ADDRESS)
    assert response.status_code == 403
    assert response.json()["code"] == "FORBIDDEN"
    assert "manage" in response.json()["detail"]


def test_the_right_scope_is_let_in_whatever_the_case_of_the_scheme(make_token):
    raw = make_token("manage")
    assert status(APIClient(), HTTP_AUTHORIZATION=f"bearer {raw}") == 200


def test_a_token_in_the_query_is_never_read(make_token):
    raw = make_token("manage")
    for name in ("token", "access_token", "api_key"):
        assert APIClient().get(f"{ADDRESS}?{name}={raw}").status_code == 401


def test_a_revoked_token_is_401(make_token):
    token, raw = services.create_token(name="t", scopes=["manage"], actor="tests")
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {raw}")
    assert status(client) == 200
    services.revoke_token(token=token, actor="tests")
    assert status(client) == 401


def test_a_bad_token_is_not_saved_by_a_session(client, alice):
    client.force_login(alice)
    assert status(client) == 200
    assert status(client, HTTP_AUTHORIZATION="Bearer wrong") == 401


def test_people_get_in_by_their_rights(client, alice, bob, charlie):
    for user, expected in ((alice, 200), (bob, 200), (charlie, 403)):
        client.force_login(user)
        assert status(client) == expected


def test_a_write_by_session_needs_the_csrf_token(alice, settings):
    settings.ROOT_URLCONF = "tests.api.sample"
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(alice)
    response = client.post("/api/v1/sample/echo", {"a": 1}, format="json")
    assert response.status_code == 403
    assert response.json()["code"] == "FORBIDDEN"
    client.get("/api/docs?script=", HTTP_ACCEPT="*/*")
    token = client.cookies["csrftoken"].value
    sent = client.post("/api/v1/sample/echo", {"a": 1}, format="json", HTTP_X_CSRFTOKEN=token)
    assert sent.status_code == 200


def test_a_write_by_token_needs_no_csrf_token(make_token, settings):
    settings.ROOT_URLCONF = "tests.api.sample"
    client = APIClient(enforce_csrf_checks=True)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {make_token('manage')}")
    assert client.post("/api/v1/sample/echo", {"a": 1}, format="json").status_code == 200


def test_a_view_that_names_no_scope_lets_nobody_in(api, settings):
    settings.ROOT_URLCONF = "tests.api.sample"
    everything = api("read", "manage", "execute", "credentials")
    assert everything.get("/api/v1/sample/forgotten").status_code == 403
    assert api().get("/api/v1/sample/forgotten").status_code == 401
