import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integration_hub.access.caller import Caller
from integration_hub.coordination import revision
from integration_hub.lib.errors import (
    AmbiguousInstance,
    DefinitionNotFound,
    InstanceNotFound,
    InstanceNotReady,
    MethodNotFound,
)
from registry import adapter_manager, runtime, services
from registry.models import Definition, Instance

pytestmark = pytest.mark.django_db
ANYONE = Caller.command("tests")


@pytest.fixture
def ready(define):
    """`ready("a", context)`: an instance that may be called."""

    def make(slug, kind="global", name=None, version="1.2.0"):
        if not Definition.objects.filter(version=version).exists():
            define(version=version, auth=[])
        context = {"type": kind, **({"id": name} if name else {})}
        return services.create_instance(
            definition=f"acme-crm@{version}", slug=slug, context=context, actor="tests"
        )

    return make


def test_overrides_win_member_by_member(connect):
    connect("acme", overrides={"retry": {"max_attempts": 1}, "timeout_ms": 9})
    method = runtime.by_ref("acme", ANYONE).method("get_contact")
    assert (method.retry.max_attempts, method.retry.initial_delay_ms) == (1, 50)
    assert method.timeout_ms == 9


def test_a_method_that_is_not_there_has_near_names(connect):
    connect("acme")
    with pytest.raises(MethodNotFound) as caught:
        runtime.by_ref("acme", ANYONE).method("contact")
    assert set(caught.value.suggestions) == {"create_contact", "get_contact"}


def test_an_instance_that_may_not_be_seen_is_not_there(connect):
    connect("acme")
    with pytest.raises(InstanceNotFound):
        runtime.by_ref("acme", Caller("t", instances=frozenset({"other"})))
    with pytest.raises(InstanceNotFound) as caught:
        runtime.by_ref("acmee", ANYONE)
    assert caught.value.suggestions == ("acme",)


def test_warm_look_ups_cost_no_query_and_little_time(connect):
    row = connect("acme")
    with revision.scope():
        runtime.by_ref("acme", ANYONE)
        with CaptureQueriesContext(connection) as queries:
            began = time.perf_counter()
            for _ in range(1_000):
                found = runtime.by_ref("acme", ANYONE)
                found.not_ready_reason()
                runtime.param_validator(found.method("get_contact"))
            each = (time.perf_counter() - began) / 1_000
        assert runtime.by_id(row.pk).slug == "acme"
    assert len(queries) == 0
    assert each < 0.0003


def test_a_change_is_seen_at_once(connect):
    row = connect("acme")
    assert runtime.by_ref("acme", ANYONE).enabled
    services.disable_instance(instance=row, actor="tests")
    assert not runtime.by_ref("acme", ANYONE).enabled
    services.delete_instance(instance=row, actor="tests")
    with pytest.raises(InstanceNotFound):
        runtime.by_id(row.pk)


def test_validators_are_compiled_once_for_all_instances(connect):
    connect("a", overrides={"timeout_ms": 5})
    connect("b")
    first = runtime.param_validator(runtime.by_ref("a", ANYONE).method("get_contact"))
    second = runtime.param_validator(runtime.by_ref("b", ANYONE).method("get_contact"))
    assert first is second
    assert runtime.param_validator(runtime.by_ref("a", ANYONE).method("ping")) is None


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ({}, "everyone"),
        ({"client_id": "c1"}, "client-one"),
        ({"client_id": "c9"}, "everyone"),
        ({"user_id": "u1"}, "user-one"),
        ({"client_id": "c1", "user_id": "u1"}, "user-one"),
        ({"client_id": "c1", "user_id": "u9"}, "client-one"),
        ({"client_id": None, "user_id": ""}, "everyone"),
    ],
)
def test_user_wins_over_client_over_global(ready, context, expected):
    ready("everyone")
    ready("client-one", "client", "c1")
    ready("user-one", "user", "u1")
    found = runtime.select(integration="acme-crm@^1", context=context, caller=ANYONE)
    assert found.slug == expected


CONTEXTS = {
    "all": ("global", ""),
    "c1": ("client", "one"),
    "c2": ("client", "two"),
    "u1": ("user", "one"),
    "u2": ("user", "two"),
}


@pytest.mark.parametrize(("there", "client_id", "user_id", "expected"), [
    ("all", "", "", "all"),
    ("all", "one", "", "all"),
    ("all", "", "one", "all"),
    ("all", "one", "one", "all"),
    ("c1", "one", "", "c1"),
    ("c1", "", "", None),
    ("c1", "two", "", None),
    ("c1", "", "one", None),
    ("u1", "", "one", "u1"),
    ("u1", "one", "", None),
    ("u1", "", "two", None),
    ("c1 u1", "one", "one", "u1"),
    ("c1 u1", "one", "two", "c1"),
    ("c1 u1", "two", "one", "u1"),
    ("c1 u1", "two", "two", None),
    ("all c1 c2", "two", "", "c2"),
    ("all c1 c2", "three", "", "all"),
    ("all u1 u2", "", "two", "u2"),
    ("all c1 u2", "one", "one", "c1"),
    ("all c1 c2 u1 u2", "two", "one", "u1"),
    ("all c1 c2 u1 u2", "two", "three", "c2"),
    ("all c1 c2 u1 u2", "three", "three", "all"),
])  # fmt: skip
def test_whom_an_instance_serves_decides(ready, there, client_id, user_id, expected):
    for slug in there.split():
        ready(slug, *CONTEXTS[slug])
    context = {"client_id": client_id, "user_id": user_id}
    try:
        found = runtime.select(integration="acme-crm", context=context, caller=ANYONE).slug
    except InstanceNotFound:
        found = None
    assert found == expected


def test_two_equals_are_ambiguous_and_named(ready):
    ready("a")
    ready("b")
    with pytest.raises(AmbiguousInstance) as caught:
        runtime.select(integration="acme-crm", context={}, caller=ANYONE)
    assert caught.value.extra["instances"] == ["a", "b"]


def test_disabled_unready_and_unseen_ones_do_not_count(ready):
    services.disable_instance(instance=ready("off"), actor="tests")
    ready("on")
    assert runtime.select(integration="acme-crm", context={}, caller=ANYONE).slug == "on"
    ready("b")
    sees_b = Caller("t", instances=frozenset({"b"}))
    assert runtime.select(integration="acme-crm", context={}, caller=sees_b).slug == "b"


def test_only_unready_ones_are_not_ready(connect):
    connect("acme")
    with pytest.raises(InstanceNotReady, match="pending_authentication"):
        runtime.select(integration="acme-crm", context={}, caller=ANYONE)


def test_none_is_not_found_with_near_names(ready):
    ready("a")
    with pytest.raises(InstanceNotFound):
        runtime.select(
            integration="acme-crm@1.2.0", context={}, caller=Caller("t", instances=frozenset({"z"}))
        )
    with pytest.raises(DefinitionNotFound) as caught:
        runtime.select(integration="acme-crn", context={}, caller=ANYONE)
    assert caught.value.suggestions == ("acme-crm",)
    with pytest.raises(DefinitionNotFound):
        runtime.select(integration="acme-crm@^7", context={}, caller=ANYONE)


def test_the_range_decides_between_versions(ready):
    ready("one")
    ready("two", version="2.0.0")
    assert runtime.select(integration="acme-crm@^2", context={}, caller=ANYONE).slug == "two"
    assert runtime.select(integration="acme-crm@1.2.0", context={}, caller=ANYONE).slug == "one"


def test_an_adapter_that_is_switched_off_says_why(db):
    assert adapter_manager.active_adapter("http").type == "http"
    services.switch_adapter(type="http", enabled=False, actor="tests", reason="maintenance")
    assert adapter_manager.get_adapter("http").state == "disabled"
    with pytest.raises(InstanceNotReady, match="maintenance"):
        adapter_manager.active_adapter("http")
    services.switch_adapter(type="http", enabled=True, actor="tests")
    assert adapter_manager.get_adapter("http").state == "active"


def test_auth_entries_are_found_by_id(connect):
    connect("acme")
    found = runtime.by_ref("acme", ANYONE)
    assert found.auth().type == "bearer"
    assert found.auth("key").id == "key"
    assert found.auth("other") is None
    assert Instance.objects.count() == 1
