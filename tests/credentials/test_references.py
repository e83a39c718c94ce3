"""A value may stand elsewhere: looked up when it is needed, and never where it must not be."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from credentials import lookups
from credentials.backend import CannotLookUp, backends
from credentials.backends.file import MAX_BYTES
from credentials.models import Credential
from integration_hub.egress.door import HttpRequest
from integration_hub.lib.errors import AuthFailed, ValidationFailed
from tests.credentials.vault import TOKEN, VaultServer

pytestmark = pytest.mark.django_db

REQUEST = HttpRequest("GET", "https://api.acme.example/status")


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    lookups._held.clear()


@pytest.fixture
def vault(settings) -> Iterator[VaultServer]:
    server = VaultServer()
    settings.HUB_VAULT_URL, settings.HUB_VAULT_TOKEN = server.url, TOKEN
    yield server
    server.stop()


@pytest.fixture
def folder(settings, tmp_path):
    allowed = tmp_path / "secrets"
    allowed.mkdir()
    settings.HUB_SECRET_DIRS = [str(allowed)]
    return allowed


def sent(use, instance) -> str:
    return use(instance).sign(REQUEST).request.headers["Authorization"]


def test_a_variable_is_looked_up_at_the_call(acme, put, use, monkeypatch) -> None:
    row = put(acme, "bearer", {"token": {"ref": "env:HUB_SECRET_ACME"}})
    monkeypatch.setenv("HUB_SECRET_ACME", "from-the-environment")
    assert sent(use, acme) == "Bearer from-the-environment"
    assert "from-the-environment" not in row.open_secret()
    assert row.hint == "env:HUB_SECRET_ACME"


def test_looked_up_values_are_masked_like_stored_ones(acme, put, use, monkeypatch) -> None:
    monkeypatch.setenv("HUB_SECRET_ACME", "from-the-environment")
    put(acme, "bearer", {"token": {"ref": "env:HUB_SECRET_ACME"}})
    assert "from-the-environment" in use(acme).secrets


def test_one_value_may_be_stored_and_another_looked_up(acme, put, use, folder) -> None:
    (folder / "password").write_text("from a file\n")
    reference = {"ref": f"file:{folder}/password"}
    put(acme, "basic", {"username": "hub", "password": reference}, auth_id="login")
    assert use(acme).secrets[0] == "from a file"


@pytest.mark.parametrize(
    "ref",
    [
        "env:SECRET_KEY",
        "env:FERNET_KEYS",
        "env:HUB_SECRET_DIRS",
        "env:HUB_VAULT_TOKEN",
        "env:",
        "env:HUB_SECRET_A B",
        "file:/etc/passwd",
        "file:relative",
        "file:/run/secrets/../../etc/passwd",
        "vault:path",
        "vault:../../sys/seal#x",
        "vault:a//b#x",
        "nowhere:x",
        "no-colon",
        7,
    ],
)
def test_what_may_not_be_referred_to_is_refused_at_once(acme, put, ref) -> None:
    with pytest.raises(ValidationFailed) as refused:
        put(acme, "bearer", {"token": {"ref": ref}})
    assert [fault.pointer for fault in refused.value.errors] == ["/data/token"]
    assert not Credential.objects.exists()


def test_a_prefix_narrows_what_may_be_referred_to(settings) -> None:
    assert not backends.get("env").fault("ANYTHING")
    settings.HUB_SECRET_ENV_PREFIX = "CRM_"
    assert "CRM_" in backends.get("env").fault("ANYTHING")
    assert not backends.get("env").fault("CRM_TOKEN")


def test_the_hub_s_own_settings_are_never_looked_up(settings) -> None:
    for prefix in ("", "HUB_", "S"):
        settings.HUB_SECRET_ENV_PREFIX = prefix
        for name in ("SECRET_KEY", "FERNET_KEYS", "DATABASE_URL", "HUB_VAULT_TOKEN", "HUB_ANY"):
            assert "own settings" in backends.get("env").fault(name)


def test_the_prefix_is_asked_again_at_the_call(acme, put, use, monkeypatch, settings) -> None:
    monkeypatch.setenv("HUB_SECRET_ACME", "value")
    put(acme, "bearer", {"token": {"ref": "env:HUB_SECRET_ACME"}})
    settings.HUB_SECRET_ENV_PREFIX = "OTHER_"
    with pytest.raises(AuthFailed, match="OTHER_"):
        use(acme)


def test_a_link_inside_the_directory_is_followed_and_one_out_of_it_is_not(folder) -> None:
    (folder / "..data").mkdir()
    (folder / "..data" / "token").write_text("inside")
    (folder / "token").symlink_to(folder / "..data" / "token")
    outside = folder.parent / "outside"
    outside.write_text("not for you")
    (folder / "way-out").symlink_to(outside)
    assert backends.get("file").read(f"{folder}/token", seconds=1) == "inside"
    with pytest.raises(CannotLookUp, match="leads out"):
        backends.get("file").read(f"{folder}/way-out", seconds=1)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path.write_bytes(b"x" * (MAX_BYTES + 1)), "larger"),
        (lambda path: path.write_bytes(b"\xff\xfe"), "UTF-8"),
        (lambda path: path.mkdir(), "regular"),
        (os.mkfifo, "regular"),
        (lambda path: None, "No such file"),
    ],
)
def test_a_file_that_is_none_says_why(folder, make, said) -> None:
    make(folder / "x")
    with pytest.raises(CannotLookUp, match=said):
        backends.get("file").read(f"{folder}/x", seconds=1)


def test_a_field_of_a_vault_secret_is_looked_up(acme, put, use, vault) -> None:
    vault.secrets["acme/production"] = {"token": "from-the-vault"}
    put(acme, "bearer", {"token": {"ref": "vault:acme/production#token"}})
    assert sent(use, acme) == "Bearer from-the-vault"
    assert vault.asked == ["/v1/secret/data/acme/production"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda vault: setattr(vault, "deny", True), "refused"),
        (lambda vault: vault.secrets.clear(), "no such secret"),
        (lambda vault: vault.deleted.add("acme"), "no such secret"),
        (lambda vault: vault.secrets["acme"].clear(), "no text field"),
        (lambda vault: setattr(vault, "down", True), "fault"),
        (lambda vault: setattr(vault, "garbled", True), "not that of a KV store"),
        (lambda vault: vault.stop(), "not reached"),
    ],
)
def test_a_lookup_that_fails_says_which_and_why(acme, put, use, vault, change, said) -> None:
    vault.secrets["acme"] = {"token": "from-the-vault"}
    put(acme, "bearer", {"token": {"ref": "vault:acme#token"}})
    change(vault)
    with pytest.raises(AuthFailed, match=said) as failed:
        use(acme)
    assert "vault:acme#token" in failed.value.detail
    assert not failed.value.sent
    assert TOKEN not in failed.value.detail


def test_a_value_is_remembered_for_a_while(acme, put, use, vault, fake_clock, settings) -> None:
    vault.secrets["acme"] = {"token": "first"}
    put(acme, "bearer", {"token": {"ref": "vault:acme#token"}})
    sent(use, acme)
    vault.secrets["acme"] = {"token": "second"}
    fake_clock.advance(settings.HUB_SECRET_CACHE_SECONDS - 1)
    assert sent(use, acme) == "Bearer first"
    fake_clock.advance(2)
    assert sent(use, acme) == "Bearer second"
    assert len(vault.asked) == 2


def test_an_outage_is_bridged_for_a_bounded_time(acme, put, use, vault, fake_clock, settings):
    vault.secrets["acme"] = {"token": "first"}
    put(acme, "bearer", {"token": {"ref": "vault:acme#token"}})
    sent(use, acme)
    vault.down = True
    fake_clock.advance(settings.HUB_SECRET_CACHE_SECONDS + 1)
    assert sent(use, acme) == "Bearer first"
    asked = len(vault.asked)
    assert sent(use, acme) == "Bearer first"
    assert len(vault.asked) == asked, "a backend that is down is not asked for every call"
    fake_clock.advance(settings.HUB_SECRET_STALE_SECONDS)
    with pytest.raises(AuthFailed, match="fault"):
        use(acme)


def test_a_clear_no_is_not_bridged(acme, put, use, vault, fake_clock, settings) -> None:
    vault.secrets["acme"] = {"token": "first"}
    put(acme, "bearer", {"token": {"ref": "vault:acme#token"}})
    sent(use, acme)
    vault.deny = True
    fake_clock.advance(settings.HUB_SECRET_CACHE_SECONDS + 1)
    with pytest.raises(AuthFailed, match="refused"):
        use(acme)


def test_a_remembered_value_is_not_held_in_clear(acme, put, use, vault) -> None:
    vault.secrets["acme"] = {"token": "from-the-vault"}
    put(acme, "bearer", {"token": {"ref": "vault:acme#token"}})
    sent(use, acme)
    (held,) = lookups._held._items.values()
    assert b"from-the-vault" not in held.token


def test_a_looked_up_value_is_judged_like_a_sent_one(acme, put, use, monkeypatch) -> None:
    put(acme, "bearer", {"token": {"ref": "env:HUB_SECRET_ACME"}})
    monkeypatch.setenv("HUB_SECRET_ACME", "two\nlines")
    with pytest.raises(AuthFailed, match="cannot be used") as failed:
        use(acme)
    assert "two" not in failed.value.detail


def test_the_api_takes_references_and_shows_only_them(api, acme, monkeypatch) -> None:
    monkeypatch.setenv("HUB_SECRET_ACME", "from-the-environment")
    client, path = api("credentials"), "/api/v1/instances/acme/credentials"
    body = {"type": "bearer", "data": {"token": {"ref": "env:HUB_SECRET_ACME"}}}
    assert client.put(path, body, format="json").status_code == 201
    shown = client.get(path)
    assert shown.json()["hint"] == "env:HUB_SECRET_ACME"
    assert "from-the-environment" not in shown.content.decode()
