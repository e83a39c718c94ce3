"""A credential is tested and rotated in the admin by those who may change it."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from credentials.models import Credential
from integration_hub.audit.models import AuditEntry
from registry.models import Instance
from tests.executor.conftest import SECRET

NEW = "new-5e6f7a8b9c0d1e2f3a4b"


@pytest.fixture
def admin_client(client, alice):
    client.force_login(alice)
    return client


def address_of(name: str, instance: Instance) -> str:
    return reverse(f"admin:executor_credential_{name}", args=[instance.pk])


def page_of(instance: Instance) -> str:
    row = Credential.objects.get(instance=instance)
    return reverse("admin:credentials_credential_change", args=[row.pk])


def stored() -> str:
    return json.loads(Credential.objects.get().open_secret())["token"]


def test_the_page_of_a_credential_leads_to_its_test_and_its_rotation(admin_client, guarded):
    shown = admin_client.get(page_of(guarded)).content.decode()
    for name, title in (("test", "Test credential"), ("rotate", "Rotate")):
        assert address_of(name, guarded) in shown
        assert title in shown


def test_a_credential_is_tested_by_post_only_and_each_step_is_shown(
    admin_client, guarded, upstream, worker_at_hand
):
    address = address_of("test", guarded)
    assert admin_client.get(address).status_code == 200
    assert upstream.hits == []
    shown = admin_client.post(address).content.decode()
    for step in ("Config", "Credential", "Dns", "Tls", "Token", "Scopes", "Call", "Rate"):
        assert f"<h3>{step} " in shown
    assert "works" in shown
    assert SECRET not in shown
    upstream.let_in = set()
    assert "does not work" in admin_client.post(address).content.decode()


def test_a_secret_that_is_taken_is_in_force_and_the_old_one_kept_for_its_grace(
    admin_client, guarded, upstream, alice
):
    upstream.let_in = {NEW}
    address = address_of("rotate", guarded)
    assert SECRET not in admin_client.get(address).content.decode()
    answer = admin_client.post(address, {"data_token": NEW, "grace_seconds": "600"}, follow=True)
    assert answer.redirect_chain == [(page_of(guarded), 302)]
    assert "a call succeeded with it" in answer.content.decode()
    assert NEW not in answer.content.decode()
    row = Credential.objects.get()
    assert (stored(), row.revision, row.previous_until is None) == (NEW, 2, False)
    entry = AuditEntry.objects.get(action="credential.rotated")
    assert entry.actor == f"user:{alice.pk}"


def test_a_secret_that_is_refused_is_said_and_the_old_one_stays(admin_client, guarded):
    address = address_of("rotate", guarded)
    answer = admin_client.post(address, {"data_token": NEW, "grace_seconds": "600"})
    assert answer.status_code == 200
    assert "the old one stays" in answer.content.decode()
    assert NEW not in answer.content.decode()
    assert stored() == SECRET


@pytest.mark.parametrize(
    "form",
    [
        {"data_token": "", "grace_seconds": "600"},
        {"data_token": NEW, "grace_seconds": "-1"},
        {"data_token": NEW, "grace_seconds": "99999999"},
        {"data_token": "Bearer x", "grace_seconds": "0"},
    ],
)
def test_a_form_that_is_wrong_changes_nothing(admin_client, guarded, upstream, form):
    answer = admin_client.post(address_of("rotate", guarded), form)
    assert answer.status_code == 200
    assert (stored(), upstream.hits) == (SECRET, [])


@pytest.mark.parametrize("name", ["test", "rotate"])
def test_who_may_only_look_may_do_neither(client, charlie, guarded, upstream, name):
    charlie.is_staff = True
    charlie.save()
    charlie.user_permissions.add(Permission.objects.get(codename="view_credential"))
    client.force_login(charlie)
    address = address_of(name, guarded)
    assert client.get(address).status_code == 403
    assert client.post(address, {"data_token": NEW, "grace_seconds": "0"}).status_code == 403
    assert address not in client.get(page_of(guarded)).content.decode()
    assert (stored(), upstream.hits) == (SECRET, [])


@pytest.mark.parametrize("name", ["test", "rotate"])
def test_a_form_from_elsewhere_is_refused(alice, guarded, upstream, name):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    form = {"data_token": NEW, "grace_seconds": "0"}
    assert strict.post(address_of(name, guarded), form).status_code == 403
    assert (stored(), upstream.hits) == (SECRET, [])
