"""Every route × method × right, from the URLconf (routes.json is the table of rules).

A route that is not in the table, or a view that names no scope, fails here. `open` is for
everybody; a list means that one of its scopes is enough.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.signals import request_finished
from django.db import close_old_connections
from django.test import Client
from rest_framework.test import APIClient

from integration_hub.access import services
from integration_hub.access.caller import ALL_SCOPES, Caller
from integration_hub.api.views import HubView
from registry.models import Definition, Instance
from tests.architecture.routes import admin_addresses, all_routes

pytestmark = pytest.mark.django_db

OPEN = "open"
TABLE: dict[str, str | list[str]] = json.loads(
    Path(__file__).with_name("routes.json").read_text(encoding="utf-8")
)
ROUTES = {route.name: route for route in all_routes()}
GUARDED = sorted(name for name in ROUTES if TABLE.get(name, "") != OPEN)
OF_INSTANCES = [name for name in GUARDED if "/instances/{ref}" in name]
CHANGING = {"request_id", "instance"}


def scopes_of(name: str) -> list[str]:
    rule = TABLE[name]
    return [rule] if isinstance(rule, str) else rule


def ask(client: APIClient, name: str, body: object = None, **values: str):
    route = ROUTES[name]
    call = getattr(client, route.method.lower())
    if route.method in ("GET", "DELETE"):
        response = call(route.address(**values))
    else:
        response = call(route.address(**values), {} if body is None else body, format="json")
    if response.streaming:
        give_back(response)
    return response


def give_back(response) -> None:
    """As a server does at the end of a stream; the database stays open for the test."""
    request_finished.disconnect(close_old_connections)
    response.close()
    request_finished.connect(close_old_connections)


def test_every_route_has_a_rule_and_every_rule_a_route():
    assert sorted(ROUTES) == sorted(TABLE), "tests/architecture/routes.json and the URLconf differ"


def test_what_is_open_to_all_is_what_is_published():
    assert {name for name, rule in TABLE.items() if rule == OPEN} == {
        "GET /api/docs",
        "GET /api/schema",
        "GET /api/v1/hooks/{instance}",
        "GET /api/v1/oauth2/callback",
        "GET /connect",
        "GET /health/dependency",
        "GET /health/liveness",
        "GET /health/readiness",
        "GET /metrics",
        "POST /api/v1/hooks/{instance}",
        "GET /status",
        "GET /status.json",
        "POST /connect",
    }


@pytest.mark.parametrize("name", GUARDED)
def test_a_view_declares_the_scope_of_the_table(name):
    route = ROUTES[name]
    assert issubclass(route.view_class, HubView), "only views on HubView are guarded"
    rules = route.view_class.required_scopes
    declared = rules.get(route.action) or rules.get(route.method)
    assert declared, "required_scopes names no scope for this call"
    assert sorted([declared] if isinstance(declared, str) else declared) == sorted(scopes_of(name))


@pytest.mark.parametrize("name", GUARDED)
def test_without_a_token_it_is_401(name):
    response = ask(APIClient(), name)
    assert response.status_code == 401
    assert response.json()["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize("name", GUARDED)
def test_with_every_other_scope_it_is_403(name, api):
    allowed = scopes_of(name)
    others = [
        scope
        for scope in sorted(ALL_SCOPES)
        if not any(Caller("x", scopes=frozenset([scope])).can(right) for right in allowed)
    ]
    response = ask(api(*others), name)
    assert response.status_code == 403
    assert response.json()["code"] == "FORBIDDEN"


@pytest.mark.parametrize("name", GUARDED)
def test_with_the_right_scope_it_is_let_in(name, api):
    for scope in scopes_of(name):
        response = ask(api(scope), name)
        assert response.status_code not in (401, 403), (scope, response.content)
        assert response.status_code < 500, response.content


@pytest.mark.parametrize("name", GUARDED)
def test_with_a_revoked_token_it_is_401(name):
    token, raw = services.create_token(name="t", scopes=sorted(ALL_SCOPES), actor="tests")
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {raw}")
    services.revoke_token(token=token, actor="tests")
    assert ask(client, name).status_code == 401


@pytest.mark.parametrize("name", [name for name in GUARDED if not name.startswith("GET ")])
def test_a_write_by_a_session_without_its_csrf_token_is_403(name, alice):
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(alice)
    assert ask(client, name).status_code == 403


@pytest.fixture
def hidden(db):
    """An instance that belongs to client 7."""
    document = {"slug": "acme", "name": "A", "version": "1.0.0", "type": "http", "methods": {}}
    definition = Definition.objects.create(
        slug="acme",
        version="1.0.0",
        name="Acme",
        type="http",
        status="published",
        document=json.dumps(document),
        digest="0" * 64,
    )
    return Instance.objects.create(
        slug="acme-hidden",
        name="Hidden",
        definition=definition,
        context_type="client",
        context_id="7",
        state="disconnected",
    )


@pytest.mark.parametrize("name", OF_INSTANCES)
@pytest.mark.parametrize("limits", [{"contexts": ["client:8"]}, {"instances": ["acme-hiddem"]}])
def test_what_a_token_may_not_see_answers_like_what_is_not_there(name, limits, api, hidden):
    client = api(*sorted(ALL_SCOPES), **limits)

    def said(ref: str):
        response = ask(client, name, ref=ref)
        text = json.dumps(
            {key: value for key, value in response.json().items() if key not in CHANGING}
        )
        return response.status_code, text.replace(ref, "REF")

    for real, absent in (
        (hidden.slug, "acme-hidde9"),
        (str(hidden.pk), "01900000-0000-7000-8000-000000000001"),
    ):
        status, text = said(real)
        assert status in (400, 404), text
        assert (status, text) == said(absent)
        assert "acme-hidden" not in text
    hidden.refresh_from_db()
    assert (hidden.enabled, hidden.revision) == (True, 1)


@pytest.mark.parametrize("address", sorted(set(admin_addresses())))
def test_the_admin_sends_strangers_and_people_without_rights_to_the_login(address, charlie):
    client = Client()
    for _ in range(2):
        response = client.get(address)
        free = ("/admin/login/", "/admin/jsi18n/", "/admin/logout/")
        assert response.status_code in ((200, 302, 405) if address in free else (302, 301, 404))
        if response.status_code == 302 and address not in free:
            assert "/admin/login/" in response["Location"]
        client.force_login(charlie)
