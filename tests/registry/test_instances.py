import json

import pytest
from django.db.models import F

from integration_hub.access.caller import Caller
from integration_hub.events.models import Event
from integration_hub.lib.errors import (
    Conflict,
    DefinitionNotFound,
    Forbidden,
    InstanceNotFound,
    TargetForbidden,
    ValidationFailed,
)
from registry import services
from registry.dependents import dependents
from registry.models import Instance
from registry.selectors import get_instance

pytestmark = pytest.mark.django_db


def pointers(error):
    return {fault.pointer for fault in error.value.errors}


def test_defaults_of_document_and_schema_are_filled_in(connect):
    row = connect("acme")
    assert json.loads(row.config) == {"base_url": "https://api.acme.example", "region": "eu"}
    assert (row.state, row.name) == ("pending_authentication", "acme")


def test_an_invalid_config_is_kept_and_the_state_says_so(connect):
    row = connect("acme", config={"region": "mars"})
    assert row.state == "pending_configuration"
    assert "/config/region" in row.state_reason
    fixed = services.update_instance(
        instance=row, changes={"config": {"region": "us"}}, actor="tests"
    )
    assert fixed.state == "pending_authentication"


def test_without_auth_an_instance_is_disconnected(define):
    define(auth=[])
    row = services.create_instance(definition="acme-crm", slug="acme", actor="tests")
    assert row.state == "disconnected"
    assert row.check_due_at is not None


def test_a_literal_forbidden_base_url_is_refused_at_create(connect):
    with pytest.raises(TargetForbidden):
        connect("acme", config={"base_url": "http://169.254.169.254/latest"})
    assert not Instance.objects.exists()


def test_a_range_is_resolved_to_an_exact_version(define, connect):
    define(version="1.2.0")
    define(version="1.4.0")
    assert connect("acme", definition="acme-crm@^1").definition.version == "1.4.0"


def test_an_unknown_definition_is_not_found_and_a_draft_a_conflict(define):
    define(publish=False)
    with pytest.raises(DefinitionNotFound):
        services.create_instance(definition="nothing@^1", slug="a", actor="tests")
    with pytest.raises(Conflict):
        services.create_instance(definition="acme-crm@1.2.0", slug="a", actor="tests")


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"slug": "A b"}, "/slug"),
        ({"config": []}, "/config"),
        ({"context": {"type": "client"}}, "/context/id"),
        ({"context": {"type": "global", "id": "x"}}, "/context/id"),
        ({"context": {"type": "tenant"}}, "/context/type"),
        ({"labels": {"a": 1}}, "/labels/a"),
        ({"overrides": {"retry": {"max_attempts": 0}}}, "/overrides/retry/max_attempts"),
        ({"overrides": {"retries": {}}}, "/overrides/retries"),
        ({"nmae": "x"}, "/nmae"),
        (
            {"overrides": {"circuit_breaker": {"window": 1, "min_calls": 2}}},
            "/overrides/circuit_breaker/min_calls",
        ),
    ],
)
def test_members_are_judged_with_pointers(connect, members, pointer):
    with pytest.raises(ValidationFailed) as caught:
        connect(**members)
    assert pointer in pointers(caught)


def test_a_taken_slug_is_a_conflict(connect):
    connect("acme")
    with pytest.raises(Conflict):
        connect("acme")


def test_an_update_that_breaks_the_config_changes_nothing(connect):
    row = connect("acme")
    with pytest.raises(ValidationFailed) as caught:
        services.update_instance(
            instance=row, changes={"config": {"region": "mars"}, "name": "New"}, actor="tests"
        )
    assert pointers(caught) == {"/config/region"}
    row.refresh_from_db()
    assert row.name == "acme"


def test_a_patch_merges_and_null_removes(connect):
    row = connect("acme", labels={"a": "1", "b": "2"})
    row = services.update_instance(
        instance=row, changes={"labels": {"a": None, "c": "3"}}, merge=True, actor="tests"
    )
    assert json.loads(row.labels) == {"b": "2", "c": "3"}


def test_the_state_moves_in_one_place_with_an_event(connect):
    row = connect("acme")
    Event.objects.all().delete()
    move = {"instance_id": row.pk, "state": "connected", "reason": "it answered"}
    assert services.set_instance_state(**move)
    assert not services.set_instance_state(**move)
    types = list(Event.objects.order_by("id").values_list("type", flat=True))
    assert types == ["integration.instance.status", "integration.connected"]


def test_a_late_answer_does_not_overwrite_another_state(connect):
    row = connect("acme", config={"region": "mars"})
    moved = services.set_instance_state(
        instance_id=row.pk, state="connected", only_from={"disconnected", "auth_error"}
    )
    assert not moved
    row.refresh_from_db()
    assert row.state == "pending_configuration"


def test_a_new_config_starts_the_state_again(define):
    define(auth=[])
    row = services.create_instance(definition="acme-crm", slug="acme", actor="tests")
    services.set_instance_state(instance_id=row.pk, state="connected")
    same = services.update_instance(instance=row, changes={"name": "New"}, actor="tests")
    assert same.state == "connected"
    other = services.update_instance(
        instance=row, changes={"config": {"region": "us"}}, actor="tests"
    )
    assert other.state == "disconnected"


def test_deletion_is_refused_while_something_depends_on_it(connect):
    row = connect("acme")
    dependents.add("test", lambda instance: ["a nightly export"])
    try:
        with pytest.raises(Conflict) as caught:
            services.delete_instance(instance=row, actor="tests")
    finally:
        del dependents._items["test"]
    assert "a nightly export" in caught.value.extra["dependents"]
    services.delete_instance(instance=row, actor="tests")


def test_an_upgrade_judges_the_config_first(define, connect, document):
    row = connect("acme")
    schema = document["config_schema"] | {"required": ["base_url", "account"]}
    define(version="2.0.0", config_schema=schema)
    define(version="1.3.0")
    preview = services.preview_upgrade(instance=row, version="2.0.0")
    assert [fault.pointer for fault in preview.errors] == ["/config/account"]
    with pytest.raises(ValidationFailed):
        services.upgrade_instance(instance=row, version="2.0.0", actor="tests")
    upgraded = services.upgrade_instance(instance=row, version="^1.2", actor="tests")
    assert upgraded.definition.version == "1.3.0"
    back = services.upgrade_instance(instance=upgraded, version="1.2.0", actor="tests")
    assert back.definition.version == "1.2.0"


def test_a_limited_caller_sees_and_makes_only_its_own(connect):
    limited = Caller("token:1", scopes=frozenset({"manage"}), contexts=frozenset({"client:a"}))
    connect("mine", context={"type": "client", "id": "a"})
    connect("other", context={"type": "client", "id": "b"})
    assert get_instance("mine", limited).slug == "mine"
    with pytest.raises(InstanceNotFound) as caught:
        get_instance("other", limited)
    assert caught.value.suggestions == ()
    with pytest.raises(Forbidden):
        connect("third", caller=limited)
    with pytest.raises(Forbidden):
        services.update_instance(
            instance=get_instance("mine", limited),
            changes={"context": {"type": "global"}},
            actor="tests",
            caller=limited,
        )


def test_a_change_upon_a_row_that_changed_meanwhile_is_refused(connect):
    row = connect()

    def meanwhile(locked: Instance) -> None:
        Instance.objects.filter(pk=locked.pk).update(revision=F("revision") + 1, name="Theirs")

    with pytest.raises(Conflict, match="read it again"):
        services.update_instance(
            instance=row, changes={"name": "Ours"}, actor="tests", precondition=meanwhile
        )
