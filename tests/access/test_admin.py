"""Tokens in the admin."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission

from integration_hub.access import services
from integration_hub.access.models import Token
from integration_hub.audit.models import AuditEntry
from integration_hub.lib.errors import Unauthenticated

pytestmark = pytest.mark.django_db

LIST = "/admin/access/token/"
FORM = {"name": "billing", "scopes": ["execute"], "instances": "acme\nother, third", "contexts": ""}


@pytest.fixture
def admin(client, alice):
    client.force_login(alice)
    return client


def test_a_new_token_is_shown_once_and_works(admin, alice):
    response = admin.post(LIST + "add/", FORM)
    assert response.status_code == 200
    raw = re.search(r"hub_[\w-]{43}", response.content.decode()).group()
    assert services.authenticate(raw).instances == {"acme", "other", "third"}
    assert Token.objects.get().created_by == f"user:{alice.pk}"
    assert "no-store" in response["Cache-Control"]
    for page in (LIST, f"{LIST}{Token.objects.get().pk}/change/"):
        assert raw not in admin.get(page).content.decode()
    assert raw not in str(admin.session.items()) + str(admin.cookies)
    assert raw not in str([entry.__dict__ for entry in LogEntry.objects.all()])


def test_the_form_shows_every_fault_at_its_field(admin):
    response = admin.post(
        LIST + "add/", FORM | {"instances": "a b!", "contexts": "tenant", "expires_at_0": "x"}
    )
    assert response.status_code == 200
    assert not Token.objects.exists()
    response = admin.post(LIST + "add/", FORM | {"instances": "a b!", "contexts": "tenant"})
    page = response.content.decode()
    assert "is not an instance&#x27;s slug" in page
    assert "global, client:&lt;id&gt; or user:&lt;id&gt;" in page


def test_revoking_goes_by_post_and_is_audited(admin, alice):
    token, raw = services.create_token(name="t", scopes=["read"], actor="tests")
    chosen = {"action": "revoke", "_selected_action": [str(token.pk)]}
    admin.get(LIST, chosen)
    services.authenticate(raw)
    admin.post(LIST, chosen)
    with pytest.raises(Unauthenticated):
        services.authenticate(raw)
    entry = AuditEntry.objects.get(action="token.revoked")
    assert (entry.actor, entry.source) == (f"user:{alice.pk}", "127.0.0.1")
    assert entry.request_id


def test_a_token_is_never_edited_or_deleted(admin):
    token, _ = services.create_token(name="t", scopes=["read"], actor="tests")
    page = f"{LIST}{token.pk}/"
    assert admin.post(page + "change/", {"name": "other"}).status_code == 403
    assert admin.post(page + "delete/", {"post": "yes"}).status_code == 403
    token.refresh_from_db()
    assert token.name == "t"


def test_an_operator_without_the_right_makes_and_revokes_none(client, bob):
    client.force_login(bob)
    token, raw = services.create_token(name="t", scopes=["read"], actor="tests")
    assert client.post(LIST + "add/", FORM).status_code == 403
    bob.user_permissions.add(Permission.objects.get(codename="view_token"))
    client.post(LIST, {"action": "revoke", "_selected_action": [str(token.pk)]})
    services.authenticate(raw)
    assert Token.objects.count() == 1
