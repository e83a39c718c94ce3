"""A credential is stored sealed, audited and announced, all or nothing."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import connection

from credentials import services
from credentials.choices import CredentialStatus
from credentials.models import Credential
from integration_hub.audit.models import AuditEntry
from integration_hub.coordination import revision
from integration_hub.events.models import Event
from integration_hub.lib import clock
from integration_hub.lib.errors import NotFound, ValidationFailed
from registry import services as registry
from registry.models import Instance
from tests.credentials.conftest import HEADER_CANARY

pytestmark = pytest.mark.django_db


def state(instance: Instance) -> str:
    return Instance.objects.get(pk=instance.pk).state


def pointers(refused) -> set[str]:
    return {fault.pointer for fault in refused.value.errors}


def test_a_new_credential_is_sealed_and_the_instance_waits_no_more(acme, put) -> None:
    assert state(acme) == "pending_authentication"
    row = put(acme, "bearer", {"token": HEADER_CANARY})
    assert (row.type, row.auth_id, row.revision, row.status) == ("bearer", "token", 1, "active")
    assert json.loads(row.open_secret()) == {"token": HEADER_CANARY}
    assert state(acme) == "disconnected"


def test_nothing_is_connected_before_it_is_asked(acme, put, upstream) -> None:
    put(acme, "bearer", {"token": "t"})
    assert upstream.hits == []


def test_replacing_raises_the_revision_and_announces_it(acme, put) -> None:
    first = put(acme, "bearer", {"token": "one"})
    assert not Event.objects.filter(type="integration.credential.rotated").exists()
    second = put(acme, "bearer", {"token": "two"})
    assert (second.pk, second.revision) == (first.pk, 2)
    assert Credential.objects.count() == 1
    event = Event.objects.get(type="integration.credential.rotated")
    assert event.subject == "acme"
    assert json.loads(event.data)["credential_id"] == str(first.pk)
    assert json.loads(event.data)["revision"] == 2


def test_every_write_is_audited_without_the_secret(acme, put, caller) -> None:
    put(acme, "bearer", {"token": HEADER_CANARY})
    put(acme, "api_key", {"key": HEADER_CANARY}, auth_id="key")
    services.delete_credential(instance=acme, caller=caller)
    entries = list(AuditEntry.objects.filter(target_type="credential").order_by("id"))
    assert [entry.action for entry in entries] == [
        "credential.created",
        "credential.replaced",
        "credential.deleted",
    ]
    assert {(entry.actor, entry.target) for entry in entries} == {("command:tests", "acme")}
    assert json.loads(entries[1].detail) == {"type": "api_key", "auth": "key", "revision": 2}


def test_caches_hear_of_every_write(acme, put, caller) -> None:
    seen = [revision.snapshot().get("credentials")]
    put(acme, "bearer", {"token": "one"})
    seen.append(revision.snapshot().get("credentials"))
    put(acme, "bearer", {"token": "two"})
    seen.append(revision.snapshot().get("credentials"))
    services.delete_credential(instance=acme, caller=caller)
    seen.append(revision.snapshot().get("credentials"))
    assert len(set(seen)) == 4


@pytest.mark.django_db(transaction=True)
def test_a_failure_leaves_nothing_behind(acme, put) -> None:
    before = state(acme), AuditEntry.objects.count(), Event.objects.count()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE coordination_revision RENAME TO coordination_gone")
    try:
        with pytest.raises(Exception, match="coordination_revision"):
            put(acme, "bearer", {"token": "t"})
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE coordination_gone RENAME TO coordination_revision")
    assert not Credential.objects.exists()
    assert (state(acme), AuditEntry.objects.count(), Event.objects.count()) == before


@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [
        ("bearer", {}, {"/data/token"}),
        ("bearer", {"token": ""}, {"/data/token"}),
        ("bearer", {"token": 7}, {"/data/token"}),
        ("bearer", {"token": None}, {"/data/token"}),
        ("bearer", {"token": ["x"]}, {"/data/token"}),
        ("bearer", {"token": "x" * 20_000}, {"/data/token"}),
        ("bearer", {"token": "ok", "tokn": "x"}, {"/data/tokn"}),
        ("bearer", {"a/b~c": "x"}, {"/data/a~1b~0c", "/data/token"}),
        ("basic", {"user": "u", "password": "p"}, {"/data/user", "/data/username"}),
        ("basic", {"username": "a:b", "password": "x\n"}, {"/data/username", "/data/password"}),
        ("bearer", "not an object", {"/data"}),
        ("bearer", [], {"/data"}),
        ("bearer", None, {"/data"}),
        ("bearer", {"token": {"ref": "env:SECRET_KEY"}}, {"/data/token"}),
        ("bearer", {"token": {"a": 1}}, {"/data/token"}),
    ],
)
def test_every_fault_of_the_data_is_reported_with_its_place(acme, put, kind, data, expected):
    with pytest.raises(ValidationFailed) as refused:
        put(acme, kind, data)
    assert pointers(refused) == expected
    assert not Credential.objects.exists()
    assert state(acme) == "pending_authentication"


def test_no_fault_quotes_what_was_sent(acme, put) -> None:
    for data in (
        {"token": f"{HEADER_CANARY}\n"},
        {"token": [HEADER_CANARY]},
        {"token": {"ref": HEADER_CANARY}},
        {"token": HEADER_CANARY * 1_000},
        {"token": "x", "other": HEADER_CANARY},
        HEADER_CANARY,
    ):
        with pytest.raises(ValidationFailed) as refused:
            put(acme, "bearer", data)
        said = str(refused.value) + repr(refused.value.errors)
        assert "canary" not in said


def test_a_reference_that_may_not_be_made_is_refused_with_the_remedy(acme, put) -> None:
    with pytest.raises(ValidationFailed) as refused:
        put(acme, "bearer", {"token": {"ref": "env:SECRET_KEY"}})
    assert "own settings" in refused.value.errors[0].detail


@pytest.mark.parametrize(
    ("kind", "auth_id", "pointer"),
    [
        ("oauth2", None, "/type"),
        ("none", None, "/type"),
        ("api_key", None, "/auth"),
        ("bearer", "nothing", "/auth"),
        ("bearer", "login", "/type"),
    ],
)
def test_the_type_must_be_that_of_an_auth_entry(acme, put, kind, auth_id, pointer) -> None:
    with pytest.raises(ValidationFailed) as refused:
        put(acme, kind, {"token": "x"}, auth_id=auth_id)
    assert pointers(refused) == {pointer}
    assert "token (bearer), key (api_key)" in refused.value.errors[0].detail


def test_an_instance_that_needs_none_takes_none(connect, put) -> None:
    with pytest.raises(ValidationFailed) as refused:
        put(connect("open", auth=[]), "bearer", {"token": "x"})
    assert "needs no credential" in refused.value.errors[0].detail


def test_a_masked_placeholder_means_unchanged(acme, put) -> None:
    put(acme, "basic", {"username": "one", "password": HEADER_CANARY})
    row = put(acme, "basic", {"username": "two", "password": "***"})
    assert json.loads(row.open_secret()) == {"username": "two", "password": HEADER_CANARY}
    assert row.hint == "tw***"


def test_a_masked_placeholder_is_refused_where_nothing_is_stored(acme, put) -> None:
    with pytest.raises(ValidationFailed) as refused:
        put(acme, "bearer", {"token": "***"})
    assert pointers(refused) == {"/data/token"}
    put(acme, "basic", {"username": "u", "password": "p"})
    with pytest.raises(ValidationFailed) as refused:
        put(acme, "bearer", {"token": "***"})
    assert pointers(refused) == {"/data/token"}
    put(acme, "api_key", {"key": "k"}, auth_id="key")
    with pytest.raises(ValidationFailed):
        put(acme, "api_key", {"key": "***"}, auth_id="query-key")


def test_a_placeholder_for_what_cannot_be_read_is_refused(acme, put, settings) -> None:
    put(acme, "basic", {"username": "u", "password": "p"})
    before = bytes(Credential.objects.get().secret.token)
    settings.FERNET_KEYS = ["another-key-that-is-long-enough-0123456789"]
    with pytest.raises(ValidationFailed, match="send every value whole"):
        put(acme, "basic", {"username": "u", "password": "***"})
    assert Credential.objects.get().secret.token == before
    put(acme, "basic", {"username": "u", "password": "new"})
    assert json.loads(Credential.objects.get().open_secret())["password"] == "new"


def test_an_expiry_must_lie_ahead(acme, put) -> None:
    with pytest.raises(ValidationFailed) as refused:
        put(acme, "bearer", {"token": "t"}, expires_at=clock.now() - timedelta(seconds=1))
    assert pointers(refused) == {"/expires_at"}
    row = put(acme, "bearer", {"token": "t"}, expires_at=clock.now() + timedelta(days=1))
    assert row.expires_at is not None
    assert put(acme, "bearer", {"token": "t"}).expires_at is None


def test_a_description_gives_everything_but_the_secret(acme, put, fake_clock) -> None:
    with pytest.raises(NotFound, match="PUT /instances/acme/credentials"):
        services.describe_credential(acme)
    put(acme, "bearer", {"token": "x" * 30 + "last"}, expires_at=clock.now() + timedelta(hours=1))
    seen = services.describe_credential(acme)
    assert (seen.type, seen.auth, seen.status, seen.hint) == (
        "bearer", "token", "active", "***last",
    )  # fmt: skip
    assert "x" * 30 not in repr(seen)
    fake_clock.advance(3_601)
    assert services.describe_credential(acme).status == CredentialStatus.EXPIRED


def test_describing_decrypts_nothing(acme, put, settings) -> None:
    put(acme, "bearer", {"token": "t"})
    settings.FERNET_KEYS = ["another-key-that-is-long-enough-0123456789"]
    assert services.describe_credential(acme).type == "bearer"


def test_deleting_makes_the_instance_wait_again(acme, put, caller) -> None:
    put(acme, "bearer", {"token": "t"})
    services.delete_credential(instance=acme, caller=caller)
    assert state(acme) == "pending_authentication"
    assert not Credential.objects.exists()
    with pytest.raises(NotFound):
        services.delete_credential(instance=acme, caller=caller)


def test_an_optional_credential_leaves_the_state_alone(connect, put, caller) -> None:
    instance = connect("free", auth=[{"type": "none"}, {"type": "bearer"}])
    assert state(instance) == "disconnected"
    put(instance, "bearer", {"token": "t"})
    services.delete_credential(instance=instance, caller=caller)
    assert state(instance) == "disconnected"


def test_a_new_credential_does_not_hide_a_broken_config(connect, put, caller) -> None:
    instance = connect("broken", config={"base_url": 7})
    assert state(instance) == "pending_configuration"
    put(instance, "bearer", {"token": "t"})
    assert state(instance) == "pending_configuration"
    services.delete_credential(instance=instance, caller=caller)
    assert state(instance) == "pending_configuration"


def test_an_instance_takes_its_credential_with_it(acme, put) -> None:
    put(acme, "bearer", {"token": "t"})
    registry.delete_instance(instance=acme, actor="tests")
    assert not Credential.objects.exists()


def test_of_several_entries_the_one_whose_id_is_the_type_is_the_default(connect, put) -> None:
    key = {"type": "api_key", "in": "query", "name": "key"}
    home = connect("two-keys", auth=[{**key, "id": "other"}, key])
    assert put(home, "api_key", {"key": "k1"}).auth_id == "api_key"
    assert put(home, "api_key", {"key": "k2"}, auth_id="other").auth_id == "other"
