"""The admin writes credentials through the same service, and never shows one."""

from __future__ import annotations

import json

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.urls import reverse

from credentials.models import Credential
from integration_hub.audit.models import AuditEntry
from tests.credentials.conftest import HEADER_CANARY

pytestmark = pytest.mark.django_db

LIST = reverse("admin:credentials_credential_changelist")
ADD = reverse("admin:credentials_credential_add")


def change_url(row: Credential) -> str:
    return reverse("admin:credentials_credential_change", args=[row.pk])


@pytest.fixture
def browser(client, alice):
    client.force_login(alice)
    return client


def test_the_list_opens_nothing(browser, acme, put, settings) -> None:
    put(acme, "bearer", {"token": HEADER_CANARY})
    settings.FERNET_KEYS = ["another-key-that-is-long-enough-0123456789"]
    page = browser.get(LIST)
    assert page.status_code == 200
    assert b"acme" in page.content
    assert b"canary9Qx7value" not in page.content


def test_adding_asks_first_for_the_instance_then_for_the_entry(browser, acme, connect) -> None:
    connect("single", auth=[{"type": "bearer"}])
    connect("open", auth=[])
    page = browser.get(ADD).content.decode()
    assert "?instance=acme" in page
    assert "?instance=single" in page
    assert "?instance=open" not in page
    page = browser.get(f"{ADD}?instance=acme").content.decode()
    assert "auth=query-key" in page
    page = browser.get(f"{ADD}?instance=single").content.decode()
    assert 'name="data_token"' in page
    assert 'type="password"' in page
    assert "needs no credential" in browser.get(f"{ADD}?instance=open").content.decode()
    assert browser.get(f"{ADD}?instance=nowhere").status_code == 404


def test_a_credential_is_added_by_the_service(browser, acme) -> None:
    answer = browser.post(
        f"{ADD}?instance=acme&auth=login", {"data_username": "u", "data_password": HEADER_CANARY}
    )
    assert (answer.status_code, answer["location"]) == (302, LIST)
    row = Credential.objects.get()
    assert (row.auth_id, row.type) == ("login", "basic")
    assert json.loads(row.open_secret()) == {"username": "u", "password": HEADER_CANARY}
    assert AuditEntry.objects.filter(action="credential.created", target="acme").exists()
    acme.refresh_from_db()
    assert acme.state == "disconnected"


def test_a_field_left_empty_keeps_what_it_has(browser, acme, put) -> None:
    row = put(acme, "basic", {"username": "u", "password": HEADER_CANARY})
    browser.post(change_url(row), {"data_username": "v", "data_password": ""})
    row = Credential.objects.get()
    assert json.loads(row.open_secret()) == {"username": "v", "password": HEADER_CANARY}
    assert row.revision == 2


def test_a_change_may_be_for_another_entry(browser, acme, put) -> None:
    row = put(acme, "basic", {"username": "u", "password": "p"})
    page = browser.get(f"{change_url(row)}?auth=token").content.decode()
    assert 'name="data_token"' in page
    answer = browser.post(f"{change_url(row)}?auth=token", {"data_token": ""})
    assert answer.status_code == 200
    browser.post(f"{change_url(row)}?auth=token", {"data_token": "t"})
    assert Credential.objects.get().type == "bearer"


def test_no_page_ever_holds_the_secret(browser, acme, put) -> None:
    row = put(acme, "basic", {"username": "u", "password": HEADER_CANARY})
    refused = {"data_username": "a:b", "data_password": HEADER_CANARY}
    expired = {
        "data_username": "a",
        "data_password": HEADER_CANARY,
        "expires_at_0": "2001-01-01",
        "expires_at_1": "00:00",
    }
    pages = [
        browser.get(LIST),
        browser.get(change_url(row)),
        browser.post(change_url(row), refused),
        browser.post(change_url(row), expired),
        browser.get(reverse("admin:credentials_credential_history", args=[row.pk])),
        browser.get(reverse("admin:credentials_credential_delete", args=[row.pk])),
        browser.get(f"{LIST}?q=canary"),
        browser.post(f"{change_url(row)}?auth=token", {"data_token": HEADER_CANARY + "é"}),
    ]
    for page in pages:
        assert page.status_code == 200
        assert b"canary9Qx7value" not in page.content
    assert b"no colon" in pages[2].content
    assert b"past" in pages[3].content


def test_the_history_names_fields_only(browser, acme, put) -> None:
    row = put(acme, "basic", {"username": "u", "password": "p"})
    browser.post(change_url(row), {"data_username": "", "data_password": HEADER_CANARY})
    entry = LogEntry.objects.get()
    assert "data_password" in entry.change_message
    assert "canary" not in entry.change_message + entry.object_repr


def test_deleting_tells_the_instance(browser, acme, put) -> None:
    row = put(acme, "bearer", {"token": "t"})
    browser.post(reverse("admin:credentials_credential_delete", args=[row.pk]), {"post": "yes"})
    acme.refresh_from_db()
    assert acme.state == "pending_authentication"
    row = put(acme, "bearer", {"token": "t"})
    browser.post(LIST, {"action": "forget", "_selected_action": [str(row.pk)]})
    assert not Credential.objects.exists()
    assert AuditEntry.objects.filter(action="credential.deleted").count() == 2


def test_sorting_and_filtering_by_the_secret_is_not_offered(browser, acme, put) -> None:
    put(acme, "bearer", {"token": "t"})
    for query in ("?secret__contains=a", "?secret=a", "?secret__isnull=0", "?o=99"):
        assert browser.get(LIST + query).status_code in (200, 302, 400)


def test_an_operator_without_the_right_gets_in_nowhere(client, bob, acme, put) -> None:
    row = put(acme, "bearer", {"token": "t"})
    client.force_login(bob)
    for url in (LIST, ADD, change_url(row)):
        assert client.get(url).status_code == 403
    assert client.post(change_url(row), {"data_token": "x"}).status_code == 403
    bob.user_permissions.add(Permission.objects.get(codename="view_credential"))
    client.force_login(type(bob).objects.get(pk=bob.pk))
    page = client.get(change_url(row))
    assert page.status_code == 200
    assert b"data_token" not in page.content
    assert client.post(change_url(row), {"data_token": "x"}).status_code == 403
    assert Credential.objects.get().revision == 1


def test_a_stranger_is_sent_to_the_login(client, charlie, acme) -> None:
    client.force_login(charlie)
    assert client.get(LIST).status_code == 302


def test_the_page_of_the_instance_leads_here(browser, acme, put, connect) -> None:
    page = browser.get(reverse("admin:registry_instance_change", args=[acme.pk])).content.decode()
    assert f"{ADD}?instance=acme" in page
    row = put(acme, "bearer", {"token": "t"})
    page = browser.get(reverse("admin:registry_instance_change", args=[acme.pk])).content.decode()
    assert change_url(row) in page


def test_hostile_names_are_text(browser, connect, put) -> None:
    hostile = "<script>alert(1)</script>"
    instance = connect("hostile", name=hostile)
    assert hostile not in browser.get(ADD).content.decode()
    row = put(instance, "basic", {"username": hostile, "password": "p"})
    for url in (LIST, change_url(row)):
        assert "<script>alert" not in browser.get(url).content.decode()


def test_a_reference_is_entered_shown_as_the_hint_and_looked_up(
    browser, acme, use, monkeypatch
) -> None:
    address = f"{ADD}?instance=acme&auth=token"
    page = browser.post(address, {"ref_token": "vault"}).content.decode()
    assert "a backend and a place" in page, "what is wrong stands at the field, unfolded"
    assert '<details class="mb-5" open>' in page
    assert browser.post(address, {"ref_token": "env:HUB_SECRET_ACME"}).status_code == 302
    row = Credential.objects.get()
    assert json.loads(row.open_secret()) == {"token": {"ref": "env:HUB_SECRET_ACME"}}
    assert "env:HUB_SECRET_ACME" in browser.get(change_url(row)).content.decode()
    monkeypatch.setenv("HUB_SECRET_ACME", HEADER_CANARY)
    assert use(acme).secrets == (HEADER_CANARY,)
    assert HEADER_CANARY not in browser.get(change_url(row)).content.decode()


def test_a_reference_stays_where_its_field_is_left_empty(browser, acme, put) -> None:
    row = put(acme, "basic", {"username": "u", "password": {"ref": "env:HUB_SECRET_ACME"}})
    browser.post(change_url(row), {"data_username": "v", "data_password": ""})
    row.refresh_from_db()
    assert json.loads(row.open_secret()) == {
        "username": "v",
        "password": {"ref": "env:HUB_SECRET_ACME"},
    }
