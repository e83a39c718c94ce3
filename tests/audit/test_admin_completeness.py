"""Promise 39 in the admin: whatever it lets people do leaves a row, or is not done.

That nothing is left out is `test_completeness.py`'s to say, from the admin's registry.
"""

from __future__ import annotations

import contextlib

import pytest
from django.contrib.auth.models import Group
from django.db import DatabaseError

from integration_hub.audit.models import AuditEntry
from integration_hub.lib.errors import HubError
from integration_hub.lib.yaml_writer import dump
from tests.audit.admin_writes import AUDITED
from tests.audit.blocking import blocked, everything

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def group() -> Group:
    return Group.objects.create(name="all")


@pytest.fixture
def as_text():
    return lambda document: dump(document).decode()


@pytest.fixture
def asked(request, browser):
    """`asked(name)`: where and what is posted, with all that it needs in place."""
    return lambda name: AUDITED[name].given(request.getfixturevalue)


@pytest.mark.parametrize("name", AUDITED)
def test_what_a_person_does_leaves_its_row_under_their_name(name, browser, asked, alice):
    address, body = asked(name)
    seen = set(AuditEntry.objects.values_list("pk", flat=True))
    answer = browser.post(address, body)
    assert answer.status_code in (200, 302), answer.content[:2_000]
    row = AuditEntry.objects.exclude(pk__in=seen).get(action=AUDITED[name].action)
    assert (row.actor, row.source) == (f"user:{alice.pk}", "127.0.0.1")


@pytest.mark.parametrize("name", AUDITED)
def test_without_the_row_nothing_is_changed(name, browser, asked):
    address, body = asked(name)
    before = everything()
    with blocked():
        with contextlib.suppress(DatabaseError, HubError):  # the page is another test's
            browser.post(address, body)
        after = everything()
    changed = {table for table in after if after[table] != before[table]}
    assert changed <= {"django_session", *AUDITED[name].keeps}
