import json

import pytest
from django.core.management import call_command

from integration_hub.lib.errors import ValidationFailed
from integration_hub.lib.yaml_writer import dump
from registry import services
from registry.document import full_meta_schema
from registry.extending import over
from registry.models import Definition
from registry.runtime import by_id

pytestmark = pytest.mark.django_db

OWN = {
    "slug": "acme-sales",
    "name": "Acme Sales",
    "version": "1.0.0",
    "type": "http",
    "extends": "acme-crm@^1",
}


@pytest.fixture
def extend(define):
    """`extend(members…)`: a published definition over a published `acme-crm@1.2.0`."""

    def make(*, publish=True, **members):
        if not Definition.objects.filter(slug="acme-crm").exists():
            define()
        return services.create_definition(document=OWN | members, actor="tests", publish=publish)

    return make


def refused(**members):
    with pytest.raises(ValidationFailed) as caught:
        services.create_definition(document=OWN | members, actor="tests")
    (fault,) = caught.value.errors
    return fault.pointer, fault.code


def test_auth_limits_and_methods_are_inherited_and_calls_see_them(extend):
    definition = extend()
    row = services.create_instance(
        definition="acme-sales",
        slug="sales",
        config={"base_url": "https://sales.acme.example"},
        actor="tests",
    )
    found = by_id(row.pk)
    assert found.definition_ref == "acme-sales@1.0.0"
    assert set(found.methods) == {"ping", "get_contact", "create_contact"}
    assert found.method("ping").retry.max_attempts == 3
    assert found.method("ping").limits.requests == 100
    assert [entry.type for entry in found.spec.auth] == ["bearer"]
    assert json.loads(definition.document) == OWN
    assert row.state == "pending_authentication"


def test_own_members_win_member_by_member(extend):
    extend(
        retry={"multiplier": 3},
        auth=[{"id": "key", "type": "basic"}, {"id": "more", "type": "bearer"}],
        methods={
            "get_contact": {"timeout_ms": 5, "retry": {"max_delay_ms": 70}},
            "list": {"http": {"method": "GET", "path": "/all"}},
        },
    )
    row = services.create_instance(
        definition="acme-sales",
        slug="sales",
        config={"base_url": "https://sales.acme.example"},
        actor="tests",
    )
    found = by_id(row.pk)
    assert [(entry.id, entry.type) for entry in found.spec.auth] == [
        ("key", "basic"),
        ("more", "bearer"),
    ]
    assert set(found.methods) == {"ping", "get_contact", "create_contact", "list"}
    method = found.method("get_contact")
    assert (method.timeout_ms, method.protocol["path"]) == (5, "/contacts/{id}")
    retry = method.retry
    assert (retry.max_attempts, retry.multiplier) == (3, 3)
    assert (retry.initial_delay_ms, retry.max_delay_ms) == (50, 70)


def test_a_later_base_changes_nothing_that_is_published(extend, define, document):
    row = extend()
    draft = extend(version="1.1.0", publish=False)
    define(version="1.9.0", methods=document["methods"] | {"more": document["methods"]["ping"]})
    row.refresh_from_db()
    assert "more" not in json.loads(row.effective)["methods"]
    published = services.publish_definition(definition=draft, actor="tests")
    whole = json.loads(published.effective)
    assert whole["extends"] == "acme-crm@1.9.0"
    assert "more" in whole["methods"]


def test_reading_shows_it_resolved_and_takes_it_back(extend, api):
    extend(publish=False)
    url = "/api/v1/definitions/acme-sales@1.0.0"
    body = api("read").get(url).json()
    assert body["extends"] == "acme-crm@^1"
    assert "methods" not in body
    assert body["resolved"]["extends"] == "acme-crm@1.2.0"
    assert set(body["resolved"]["methods"]) == {"ping", "get_contact", "create_contact"}
    again = api("manage").put(url, body | {"name": "New"}, format="json")
    assert again.status_code == 200, again.content
    assert again.json()["name"] == "New"
    assert api("read").get(f"{url}/export").json() == OWN | {"name": "New"}
    assert api("read").get(f"{url}/methods").json()["count"] == 3


def test_a_base_that_is_none_is_refused_with_its_place(define):
    assert refused() == ("/extends", "UNKNOWN_DEFINITION")
    define(publish=False)
    assert refused(extends="acme-crm@1.2.0") == ("/extends", "NOT_PUBLISHED")
    assert refused(extends="acme-crm@^1") == ("/extends", "UNKNOWN_DEFINITION")
    assert refused(extends="acme-crm@??") == ("/extends", "RANGE")
    assert refused(extends=str(Definition.objects.get().pk)) == ("/extends", "FORMAT")


def test_a_base_of_another_adapter_is_refused(define):
    define()
    assert refused(type="graphql") == ("/type", "ADAPTER_MISMATCH")


def test_nothing_inherits_from_itself_not_even_by_way_of_others(extend, define):
    extend()
    assert refused(version="2.0.0", extends="acme-sales@^1") == ("/extends", "CYCLE")
    cycle = {"slug": "acme-crm", "version": "2.0.0", "extends": "acme-sales@^1"}
    assert refused(**cycle) == ("/extends", "CYCLE")


def test_faults_of_the_whole_have_their_pointers(extend):
    with pytest.raises(ValidationFailed) as caught:
        extend(methods={"ping": {"timeout_ms": 0}}, health_check={"method": "get_contact"})
    pointers = {fault.pointer for fault in caught.value.errors}
    assert pointers == {"/methods/ping/timeout_ms", "/health_check/method"}


@pytest.mark.parametrize("extends", [7, None, ["a"]])
def test_extends_of_another_type_is_a_fault_of_shape(define, extends):
    with pytest.raises(ValidationFailed) as caught:
        services.create_definition(document=OWN | {"extends": extends}, actor="tests")
    assert "/extends" in {fault.pointer for fault in caught.value.errors}


@pytest.mark.parametrize("members", [{"methods": 1}, {"auth": 1}, {"auth": [1]}, {"retry": 1}])
def test_members_of_the_wrong_type_stay_for_the_checks(members):
    base = {"auth": [{"type": "bearer"}], "retry": {"max_attempts": 2}, "methods": {}}
    (name,) = members
    assert over(base, members)[name] == members[name]


def test_files_are_loaded_bases_first(tmp_path, document):
    (tmp_path / "a.yaml").write_bytes(dump(OWN))
    (tmp_path / "b.yaml").write_bytes(dump(document))
    for _ in range(2):
        call_command("load_definitions", str(tmp_path), "--publish")
    assert set(Definition.objects.values_list("slug", "status")) == {
        ("acme-crm", "published"),
        ("acme-sales", "published"),
    }


def test_editors_do_not_miss_methods_where_they_are_inherited():
    schema = full_meta_schema()
    assert {"required": ["extends"]} in schema["anyOf"]
    assert "methods" not in schema["required"]
