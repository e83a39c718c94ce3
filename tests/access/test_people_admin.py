"""People and groups in the admin: rights are given by superusers alone."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User

pytestmark = pytest.mark.django_db

USERS, GROUPS = "/admin/auth/user/", "/admin/auth/group/"


@pytest.fixture
def clerk(client, bob):
    """Someone who may write every row of auth and is no superuser."""
    bob.user_permissions.set(Permission.objects.filter(content_type__app_label="auth"))
    client.force_login(bob)
    return client


def form(user: User, **changes) -> dict[str, str]:
    return {"username": user.username, "email": user.email, "is_active": "on", **changes}


def test_a_clerk_changes_a_person_and_gives_no_right(clerk, charlie):
    group = Group.objects.create(name="all")
    wanted = {"email": "new@example.com", "is_staff": "on", "is_superuser": "on"}
    answer = clerk.post(
        f"{USERS}{charlie.pk}/change/", form(charlie, groups=str(group.pk), **wanted)
    )
    assert answer.status_code == 302
    charlie.refresh_from_db()
    assert charlie.email == "new@example.com"
    assert (charlie.is_staff, charlie.is_superuser, charlie.groups.count()) == (False, False, 0)


def test_a_clerk_gives_no_right_to_oneself(clerk, bob):
    clerk.post(f"{USERS}{bob.pk}/change/", form(bob, is_staff="on", is_superuser="on"))
    bob.refresh_from_db()
    assert not bob.is_superuser


@pytest.mark.parametrize("page", ["change/", "password/", "delete/"])
def test_a_clerk_takes_over_no_superuser(clerk, alice, page):
    new = {"password1": "Taken-Over-9-x", "password2": "Taken-Over-9-x", "post": "yes"}
    assert clerk.post(f"{USERS}{alice.pk}/{page}", form(alice, **new)).status_code == 403
    assert User.objects.get(pk=alice.pk).check_password("alice-password-1")


def test_a_clerk_deletes_no_superuser_among_many(clerk, alice):
    action = {"action": "delete_selected", "_selected_action": [alice.pk], "post": "yes"}
    clerk.post(USERS, action)
    assert User.objects.filter(pk=alice.pk).exists()


def test_a_clerk_writes_no_group(clerk):
    group = Group.objects.create(name="all")
    assert clerk.post(f"{GROUPS}add/", {"name": "more"}).status_code == 403
    assert clerk.post(f"{GROUPS}{group.pk}/change/", {"name": "other"}).status_code == 403
    assert Group.objects.get().name == "all"


def test_a_superuser_gives_rights(client, alice, charlie):
    client.force_login(alice)
    answer = client.post(f"{USERS}{charlie.pk}/change/", form(charlie, is_staff="on"))
    assert answer.status_code == 302
    charlie.refresh_from_db()
    assert charlie.is_staff


def test_no_page_of_the_admin_comes_from_a_library_that_we_do_not_show():
    shown = {model._meta.app_label for model in admin.site._registry}
    ours = {"access", "audit", "auth", "credentials", "events", "executor", "inbound"}
    ours |= {"registry", "transformer"}
    assert shown <= ours
