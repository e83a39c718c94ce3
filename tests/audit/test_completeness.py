"""Promise 39: who changes something leaves a row, and without the row nothing is changed.

A route that writes and stands in neither table of `writes.py` fails here, and so does
what the admin's registry offers (an action, a verb, a view, a model) and is in neither
of `admin_writes.py`.
"""

from __future__ import annotations

import pytest
from django.test import Client
from rest_framework.test import APIClient

from integration_hub.access import denials
from integration_hub.access.caller import ALL_SCOPES
from integration_hub.access.models import Denial
from integration_hub.audit.models import AuditEntry
from tests.architecture.routes import all_routes
from tests.audit import admin_writes
from tests.audit.admin_registry import doings
from tests.audit.blocking import blocked, everything
from tests.audit.writes import AUDITED, NOT_AUDITED, Sent

pytestmark = pytest.mark.django_db

WRITING = {
    route.name: route
    for route in all_routes()
    if route.method != "GET" and route.pattern.startswith("/api/v1/")
}


@pytest.fixture
def manager(api) -> APIClient:
    """One token with every right; when it was last used is already noted."""
    client = api(*sorted(ALL_SCOPES))
    assert client.get("/api/v1/audit").status_code == 200
    return client


@pytest.fixture
def prepared(request, manager):
    """`prepared(name)`: what that route is sent, with all that it needs in place."""
    return lambda name: AUDITED[name].given(request.getfixturevalue)


def ask(client: APIClient, name: str, sent: Sent):
    route = WRITING[name]
    made = getattr(client, route.method.lower())
    return made(route.address(**sent.at), sent.body, format="json")


def test_every_route_that_writes_is_audited_or_says_why_not():
    assert not set(AUDITED) & set(NOT_AUDITED)
    assert sorted(WRITING) == sorted({**AUDITED, **NOT_AUDITED})
    assert all(NOT_AUDITED.values())


def test_everything_that_the_admin_offers_is_audited_or_says_why_not(alice):
    told = {name.partition(":")[0] for name in admin_writes.AUDITED}
    exempt = admin_writes.NOT_AUDITED
    assert not told & set(exempt)
    assert sorted(set(doings(alice))) == sorted(told | set(exempt))
    assert all(exempt.values())


@pytest.mark.parametrize("name", sorted(AUDITED))
def test_a_write_leaves_its_row_under_the_name_of_who_did_it(name, manager, prepared):
    sent = prepared(name)
    seen = set(AuditEntry.objects.values_list("pk", flat=True))
    answer = ask(manager, name, sent)
    assert 200 <= answer.status_code < 300, answer.content
    rows = AuditEntry.objects.exclude(pk__in=seen)
    row = rows.get(action=AUDITED[name].action)
    assert row.actor.startswith("token:")
    assert (row.source, row.request_id) == ("127.0.0.1", answer["X-Request-ID"])


@pytest.mark.parametrize("name", sorted(AUDITED))
def test_a_write_whose_row_cannot_be_written_changes_nothing(name, manager, prepared):
    sent = prepared(name)
    before = everything()
    with blocked():
        answer = ask(manager, name, sent)
        after = everything()
    assert answer.status_code == 503, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "SERVICE_UNAVAILABLE"
    assert "audit" not in answer.content.decode()
    changed = {table for table in after if after[table] != before[table]}
    assert changed <= set(AUDITED[name].keeps)


def test_refusals_stand_and_stay_counted_until_their_row_can_be_written(api, alice, fake_clock):
    with blocked():
        for _ in range(2):
            assert APIClient().post("/api/v1/definitions").status_code == 401
            Client().post("/admin/login/", {"username": "alice", "password": "wrong"})
            fake_clock.advance(61)
        assert Denial.objects.count() == 4
    fake_clock.advance(61)
    assert denials.settle_denials() == 4
    found = AuditEntry.objects.values_list("action", flat=True)
    assert [found.filter(action=name).count() for name in ("access.denied", "login.failed")] == [
        2,
        2,
    ]
