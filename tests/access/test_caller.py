"""What callers may do and see."""

import pytest

from integration_hub.access.caller import ALL_SCOPES, Caller
from integration_hub.access.services import caller_of_user
from integration_hub.lib.errors import Forbidden


def caller(*scopes, instances=(), contexts=()):
    return Caller("token:1", "t", frozenset(scopes), frozenset(instances), frozenset(contexts))


def test_manage_includes_read_and_nothing_else():
    found = caller("manage")
    assert [scope for scope in sorted(ALL_SCOPES) if found.can(scope)] == ["manage", "read"]


@pytest.mark.parametrize("scope", ["read", "execute", "credentials"])
def test_other_scopes_include_only_themselves(scope):
    found = caller(scope)
    assert [name for name in sorted(ALL_SCOPES) if found.can(name)] == [scope]


def test_a_missing_scope_is_refused_with_its_name():
    with pytest.raises(Forbidden, match=r"'manage'.*has execute"):
        caller("execute").require("manage")
    caller("manage").require("read")


@pytest.mark.parametrize(
    ("limits", "target", "seen"),
    [
        ({}, ("acme", "global", ""), True),
        ({"instances": ["acme"]}, ("acme", "client", "7"), True),
        ({"instances": ["acme"]}, ("other", "global", ""), False),
        ({"contexts": ["client:7"]}, ("acme", "client", "7"), True),
        ({"contexts": ["client:7"]}, ("acme", "client", "8"), False),
        ({"contexts": ["client:7"]}, ("acme", "global", ""), False),
        ({"contexts": ["client:7", "global"]}, ("acme", "global", ""), True),
        ({"contexts": ["client:7"]}, ("acme", "user", "7"), False),
        ({"instances": ["acme"], "contexts": ["global"]}, ("acme", "client", "7"), False),
    ],
)
def test_limits_say_which_instances_exist_for_a_caller(limits, target, seen):
    assert caller("read", **limits).sees(*target) is seen


def test_a_command_and_the_schedule_may_all_and_a_stranger_nothing():
    assert Caller.command("doctor").scopes == Caller.schedule().scopes == ALL_SCOPES
    assert Caller.command("doctor").owner == "command:doctor"
    assert Caller.schedule().owner == "schedule"
    assert Caller.anonymous().is_anonymous
    assert not Caller.anonymous().scopes


def test_people_get_scopes_by_their_rights(alice, bob, charlie):
    assert caller_of_user(alice).scopes == ALL_SCOPES
    assert caller_of_user(bob).scopes == {"read", "execute", "manage"}
    assert caller_of_user(charlie).scopes == frozenset()
    assert caller_of_user(bob).owner == f"user:{bob.pk}"


def test_rights_count_only_for_staff_that_is_active(bob, alice):
    bob.is_staff = False
    alice.is_active = False
    assert not caller_of_user(bob).scopes
    assert not caller_of_user(alice).scopes
