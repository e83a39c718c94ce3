"""Tokens: hashed, limited, revoked at once."""

import hashlib
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integration_hub.access import known, services
from integration_hub.access.models import Token
from integration_hub.audit.models import AuditEntry
from integration_hub.lib import clock
from integration_hub.lib.errors import Unauthenticated, ValidationFailed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _forget_uses():
    known._noted.clear()


def make(**changes):
    fields = {"name": "t", "scopes": ["read"], "actor": "tests"} | changes
    return services.create_token(**fields)


def test_a_token_has_256_random_bits_and_only_its_hash_is_stored():
    token, raw = make()
    assert raw.startswith("hub_")
    assert len(raw) == 47
    assert token.digest == hashlib.sha256(raw.encode()).hexdigest()
    columns = [f.attname for f in Token._meta.concrete_fields if f.name != "webhook_secret"]
    stored = [str(value) for value in Token.objects.filter(pk=token.pk).values_list(*columns)[0]]
    assert not any(raw in value for value in stored)
    assert token.prefix == raw[:10]


def test_the_caller_of_a_token_has_its_limits():
    token, raw = make(scopes=["execute"], instances=["acme"], contexts=["client:7"])
    caller = services.authenticate(raw)
    assert caller.owner == f"token:{token.pk}"
    assert caller.scopes == {"execute"}
    assert caller.instances == {"acme"}
    assert caller.contexts == {"client:7"}


@pytest.mark.parametrize(
    "raw", ["", "x", "hub_", "hub_" + "a" * 43, "hub_" + "ü" * 43, "a" * 99999]
)
def test_what_is_no_token_is_refused_with_one_sentence(raw):
    with pytest.raises(Unauthenticated, match="unknown, expired or revoked"):
        services.authenticate(raw)


def test_what_cannot_be_a_token_costs_no_query():
    with CaptureQueriesContext(connection) as queries, pytest.raises(Unauthenticated):
        services.authenticate("Bearer of bad news")
    assert len(queries) == 0


def test_a_warm_token_costs_only_the_reading_of_the_revision():
    _, raw = make()
    services.authenticate(raw)
    with CaptureQueriesContext(connection) as queries:
        services.authenticate(raw)
    assert len(queries) == 1
    assert "revision" in queries[0]["sql"]


def test_a_revoked_token_stops_at_once():
    token, raw = make()
    services.authenticate(raw)
    assert services.revoke_token(token=token, actor="alice") is True
    with pytest.raises(Unauthenticated):
        services.authenticate(raw)


def test_revoking_twice_changes_and_records_nothing_more():
    token, _ = make()
    services.revoke_token(token=token, actor="alice")
    assert services.revoke_token(token=token, actor="bob") is False
    assert AuditEntry.objects.filter(action="token.revoked").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_token_revoked_by_another_process_stops_here():
    token, raw = make()
    services.authenticate(raw)

    def elsewhere():
        services.revoke_token(token=Token.objects.get(pk=token.pk), actor="alice")
        connection.close()

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    with pytest.raises(Unauthenticated):
        services.authenticate(raw)


def test_a_token_ends_when_it_expires(fake_clock):
    _, raw = make(expires_at=clock.now() + timedelta(days=1))
    fake_clock.advance(24 * 3600 - 1)
    services.authenticate(raw)
    fake_clock.advance(1)
    with pytest.raises(Unauthenticated):
        services.authenticate(raw)


def test_the_last_use_is_noted_every_five_minutes_at_most(fake_clock):
    token, raw = make()
    seen = []
    for _ in range(4):
        services.authenticate(raw)
        seen.append(Token.objects.get(pk=token.pk).last_used_at)
        fake_clock.advance(150)
    assert seen[0] == seen[1]
    assert seen[2] == seen[3] == seen[0] + timedelta(minutes=5)


def test_a_use_noted_by_another_process_is_not_noted_again(fake_clock):
    _, raw = make()
    services.authenticate(raw)
    known._noted.clear()
    services._known.clear()
    with CaptureQueriesContext(connection) as queries:
        services.authenticate(raw)
    assert not [query for query in queries if query["sql"].startswith("UPDATE")]


def test_making_and_revoking_are_audited_without_the_token():
    token, raw = make(name="billing", actor="user:1")
    services.revoke_token(token=token, actor="user:2")
    rows = AuditEntry.objects.order_by("id")
    assert [(row.action, row.actor, row.target) for row in rows] == [
        ("token.created", "user:1", str(token.pk)),
        ("token.revoked", "user:2", str(token.pk)),
    ]
    assert not any(raw in row.detail or token.digest in row.detail for row in rows)


def test_every_fault_of_a_token_is_named_at_once():
    with pytest.raises(ValidationFailed) as caught:
        make(
            name=" ",
            scopes=["read", "root"],
            instances=["a b"],
            contexts=["tenant:1"],
            expires_at=clock.now() - timedelta(days=1),
        )
    pointers = [fault.pointer for fault in caught.value.errors]
    assert pointers == ["/name", "/scopes/1", "/instances/0", "/contexts/0", "/expires_at"]
    assert not Token.objects.exists()


def test_a_token_without_a_scope_is_refused():
    with pytest.raises(ValidationFailed, match="scopes: is empty"):
        make(scopes=[])
