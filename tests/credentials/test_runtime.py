"""A call signs with what is stored now, and a credential that fails breaks only itself."""

from __future__ import annotations

from datetime import timedelta

import pytest

from credentials import services
from credentials.models import Credential
from credentials.runtime import CredentialUse, use_for
from integration_hub.coordination import revision
from integration_hub.egress.door import HttpRequest
from integration_hub.lib import clock
from integration_hub.lib.errors import AuthFailed, InstanceNotReady
from registry import runtime
from tests.credentials.conftest import HEADER_CANARY

pytestmark = pytest.mark.django_db

REQUEST = HttpRequest("GET", "https://api.acme.example/x")
OTHER = "another-key-that-is-long-enough-0123456789"


def test_a_call_is_signed_and_its_secrets_are_known(acme, put, use) -> None:
    row = put(acme, "bearer", {"token": HEADER_CANARY})
    found = use(acme)
    assert (found.credential_id, found.revision) == (row.pk, 1)
    assert found.secrets == (HEADER_CANARY,)
    signed = found.sign(REQUEST)
    assert signed.request.headers["Authorization"] == f"Bearer {HEADER_CANARY}"
    assert signed.secrets == (HEADER_CANARY,)


def test_the_auth_entry_of_the_credential_decides_how(acme, put, use) -> None:
    put(acme, "api_key", {"key": "k"}, auth_id="query-key")
    assert use(acme).sign(REQUEST).request.url == "https://api.acme.example/x?api_key=k"
    put(acme, "api_key", {"key": "k"}, auth_id="key")
    assert use(acme).sign(REQUEST).request.headers == {"X-Api-Key": "k"}


def test_a_use_shows_no_secret(acme, put, use) -> None:
    put(acme, "bearer", {"token": HEADER_CANARY})
    assert "canary" not in repr(use(acme))


def test_where_none_is_needed_none_is_used(connect) -> None:
    for name, auth in (("open", []), ("free", [{"type": "none"}, {"type": "bearer"}])):
        found = use_for(runtime.by_id(connect(name, auth=auth).pk))
        assert found == CredentialUse()
        assert found.sign(REQUEST).request == REQUEST


def test_an_optional_credential_is_used_once_there(connect, put, use) -> None:
    instance = connect("free", auth=[{"type": "none"}, {"type": "bearer"}])
    put(instance, "bearer", {"token": "t"})
    assert use(instance).secrets == ("t",)


def test_without_the_one_that_is_needed_the_instance_is_not_ready(acme, use) -> None:
    with pytest.raises(InstanceNotReady, match="PUT /instances/acme/credentials"):
        use(acme)


def test_an_expired_one_is_not_used(acme, put, use, fake_clock) -> None:
    put(acme, "bearer", {"token": "t"}, expires_at=clock.now() + timedelta(minutes=1))
    assert use(acme).secrets == ("t",)
    fake_clock.advance(61)
    with pytest.raises(InstanceNotReady, match="expired"):
        use(acme)


def test_a_change_is_seen_at_once(acme, put, use, caller) -> None:
    put(acme, "bearer", {"token": "one"})
    assert use(acme).secrets == ("one",)
    put(acme, "bearer", {"token": "two"})
    assert (use(acme).secrets, use(acme).revision) == (("two",), 2)
    services.delete_credential(instance=acme, caller=caller)
    with pytest.raises(InstanceNotReady):
        use(acme)


def test_a_warm_use_costs_no_query(acme, put, use, django_assert_num_queries) -> None:
    put(acme, "bearer", {"token": "t"})
    with revision.scope():
        use(acme)
        with django_assert_num_queries(0):
            use(acme)


def test_only_ciphertext_is_kept_between_calls(acme, put, use, settings) -> None:
    put(acme, "bearer", {"token": "t"})
    use(acme)
    settings.FERNET_KEYS = [OTHER]
    with pytest.raises(AuthFailed):
        use(acme)


def test_a_wrong_key_flags_the_credential_once_and_overwrites_nothing(
    acme, connect, put, use, settings
) -> None:
    right = settings.FERNET_KEYS
    put(acme, "bearer", {"token": "t"})
    before = bytes(Credential.objects.get().secret.token)
    settings.FERNET_KEYS = [OTHER]
    other = connect("other")
    put(other, "bearer", {"token": "fine"})
    for _ in range(3):
        with pytest.raises(AuthFailed) as failed:
            use(acme)
    assert failed.value.sent is False
    assert failed.value.retryable is False
    assert "FERNET_KEYS" in failed.value.detail
    row = Credential.objects.get(instance=acme)
    assert "FERNET_KEYS" in row.status_reason
    assert (bytes(row.secret.token), row.revision) == (before, 1)
    assert use(other).secrets == ("fine",)
    settings.FERNET_KEYS = [OTHER, *right]
    assert use(acme).secrets == ("t",)
    assert Credential.objects.get(instance=acme).status_reason == ""


def test_flagging_writes_once(acme, put, use, settings, django_assert_num_queries) -> None:
    put(acme, "bearer", {"token": "t"})
    settings.FERNET_KEYS = [OTHER]
    with pytest.raises(AuthFailed):
        use(acme)
    moved = revision.snapshot()
    for _ in range(3):
        with pytest.raises(AuthFailed):
            use(acme)
    assert revision.snapshot() == moved


def test_a_ciphertext_of_another_instance_is_not_used(acme, connect, put, use) -> None:
    other = connect("other")
    put(acme, "bearer", {"token": "mine"})
    put(other, "bearer", {"token": "theirs"})
    stolen = Credential.objects.get(instance=other).secret
    Credential.objects.filter(instance=acme).update(secret=stolen)
    revision.bump("credentials")
    with pytest.raises(AuthFailed, match="another row"):
        use(acme)
    assert use(other).secrets == ("theirs",)


def test_an_entry_that_the_definition_no_longer_has_is_not_guessed(acme, put, use) -> None:
    put(acme, "bearer", {"token": "t"})
    Credential.objects.update(auth_id="gone")
    revision.bump("credentials")
    with pytest.raises(InstanceNotReady, match="'gone'"):
        use(acme)


def test_opening_is_fast_enough(acme, put, use) -> None:
    """5,000 sealed reads a second on a quiet machine; a busy one gets a wide margin."""
    import time  # noqa: PLC0415

    put(acme, "bearer", {"token": "t" * 40})
    with revision.scope():
        use(acme)
        started = time.perf_counter()
        for _ in range(500):
            use(acme)
        assert 500 / (time.perf_counter() - started) > 1_000
