import threading

import pytest
from django.db import connection, transaction

from integration_hub.audit.models import AuditEntry
from integration_hub.events.models import Event
from integration_hub.lib.errors import Conflict, DefinitionNotFound, ValidationFailed
from registry import services
from registry.models import Definition
from registry.selectors import get_definition

pytestmark = pytest.mark.django_db


def test_a_published_version_is_immutable_in_the_database_layer(define):
    row = define()
    row.name = "Other"
    with pytest.raises(Conflict):
        row.save()
    with pytest.raises(Conflict):
        Definition.objects.filter(pk=row.pk).update(document="{}")
    with pytest.raises(Conflict), transaction.atomic():
        Definition.objects.bulk_update([row], ["name"])
    with pytest.raises(Conflict):
        Definition.objects.all().delete()
    with pytest.raises(Conflict):
        row.delete()
    row.refresh_from_db()
    assert row.name == "Acme CRM"


def test_a_draft_may_change_and_go(define, document):
    row = define(publish=False)
    changed = services.update_definition(
        definition=row, document=document | {"version": "1.3.0"}, actor="tests"
    )
    assert changed.ref == "acme-crm@1.3.0"
    assert changed.revision == 2
    services.delete_definition(definition=changed, actor="tests")
    assert not Definition.objects.exists()


def test_every_step_of_the_life_is_audited_and_publishing_is_an_event(define):
    row = define()
    services.deprecate_definition(definition=row, actor="tests")
    services.archive_definition(definition=row, actor="tests", reason="gone")
    actions = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
    assert actions == [
        "definition.created",
        "definition.published",
        "definition.deprecated",
        "definition.archived",
    ]
    assert Event.objects.get().type == "integration.definition.published"


@pytest.mark.parametrize(
    ("step", "status"),
    [
        ("publish", "published"),
        ("deprecate", "draft"),
        ("archive", "draft"),
        ("publish", "archived"),
    ],
)
def test_forbidden_steps_are_refused(define, step, status):
    row = define(publish=status != "draft")
    if status == "archived":
        services.archive_definition(definition=row, actor="tests")
    with pytest.raises(Conflict):
        getattr(services, f"{step}_definition")(definition=row, actor="tests")


def test_the_same_version_twice_is_a_conflict(define):
    define(publish=False)
    with pytest.raises(Conflict) as caught:
        define(publish=False)
    assert caught.value.errors[0].pointer == "/version"


def test_refs_name_versions(define):
    for version in ("1.2.0", "1.10.0", "2.0.0-rc.1"):
        define(version=version)
    define(version="3.0.0", publish=False)
    old = get_definition("acme-crm@1.2.0")
    assert get_definition("acme-crm").version == "1.10.0"
    assert get_definition("acme-crm@^1.2").version == "1.10.0"
    assert get_definition("acme-crm@~1.2").version == "1.2.0"
    assert get_definition("acme-crm@3.0.0").status == "draft"
    assert get_definition(str(old.pk)) == old


def test_a_deprecated_version_is_chosen_only_when_no_other_fits(define):
    define(version="1.2.0")
    services.deprecate_definition(definition=define(version="1.3.0"), actor="tests")
    assert get_definition("acme-crm@^1").version == "1.2.0"
    assert get_definition("acme-crm@>=1.3").version == "1.3.0"


def test_an_unknown_definition_has_near_names(define):
    define()
    with pytest.raises(DefinitionNotFound) as caught:
        get_definition("acme-crn")
    assert caught.value.suggestions == ("acme-crm",)
    with pytest.raises(DefinitionNotFound) as caught:
        get_definition("acme-crm@^9")
    assert caught.value.suggestions == ("acme-crm@1.2.0",)


@pytest.mark.parametrize("ref", ["acme-crm@", "acme-crm@x.y", "acme-crm@^^1", "a@" + "1 " * 99])
def test_an_unreadable_range_is_a_bad_request(db, ref):
    with pytest.raises(ValidationFailed):
        get_definition(ref)


def test_what_instances_use_is_neither_archived_nor_deleted(connect):
    row = connect("acme").definition
    with pytest.raises(Conflict) as caught:
        services.archive_definition(definition=row, actor="tests")
    assert caught.value.extra["instances"] == ["acme"]
    with pytest.raises(Conflict):
        services.delete_definition(definition=row, actor="tests")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_two_creates_of_one_version_at_once_one_wins(document):
    outcomes, barrier = [], threading.Barrier(4)

    def create():
        barrier.wait()
        try:
            services.create_definition(document=document, actor="tests")
            outcomes.append("won")
        except Conflict:
            outcomes.append("409")
        finally:
            connection.close()

    threads = [threading.Thread(target=create) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(outcomes) == ["409", "409", "409", "won"]
