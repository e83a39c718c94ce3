"""What is done to people and groups in the admin has a row, without any password in it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, User

from integration_hub.audit.models import AuditEntry

pytestmark = pytest.mark.django_db

USERS, GROUPS = "/admin/auth/user/", "/admin/auth/group/"
WORD = "a-new-password-93"
NEW = {"username": "dora", "usable_password": "true", "password1": WORD, "password2": WORD}
WRITES = {
    "user.created": lambda user, group: (f"{USERS}add/", NEW),
    "user.changed": lambda user, group: (
        f"{USERS}{user.pk}/change/",
        {"username": user.username, "is_staff": "on", "is_active": "on"},
    ),
    "user.changed password": lambda user, group: (f"{USERS}{user.pk}/password/", NEW),
    "user.deleted": lambda user, group: (f"{USERS}{user.pk}/delete/", {"post": "yes"}),
    "user.deleted from the list": lambda user, group: (
        USERS,
        {"action": "delete_selected", "_selected_action": [user.pk], "post": "yes"},
    ),
    "group.created": lambda user, group: (f"{GROUPS}add/", {"name": "more"}),
    "group.changed": lambda user, group: (f"{GROUPS}{group.pk}/change/", {"name": "other"}),
    "group.deleted": lambda user, group: (f"{GROUPS}{group.pk}/delete/", {"post": "yes"}),
}


@pytest.fixture
def asked(charlie: User):
    group = Group.objects.create(name="all")
    return lambda name: WRITES[name](charlie, group)


@pytest.mark.parametrize("name", WRITES)
def test_a_write_leaves_its_row_and_no_password_in_it(name, client, alice, asked):
    client.force_login(alice)
    assert client.post(*asked(name)).status_code == 302
    row = AuditEntry.objects.get(action=name.split()[0])
    assert row.actor == f"user:{alice.pk}"
    assert WORD not in row.detail
