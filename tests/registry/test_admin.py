import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from integration_hub.audit.models import AuditEntry
from integration_hub.lib.yaml_writer import dump
from registry import services
from registry.adapter import adapters
from registry.models import AdapterSwitch, Definition, Instance

pytestmark = pytest.mark.django_db
DEFINITIONS = "/admin/registry/definition/"
INSTANCES = "/admin/registry/instance/"


@pytest.fixture
def admin(client, alice):
    client.force_login(alice)
    return client


def page(answer):
    assert answer.status_code == 200, answer
    return answer.content.decode()


def verb(client, base, row, name):
    return client.post(f"{base}{row.pk}/do/{name}/", follow=True)


def test_a_document_is_pasted_or_uploaded(admin, document, alice):
    admin.post(f"{DEFINITIONS}add/", {"document": dump(document).decode()})
    upload = SimpleUploadedFile("a.json", json.dumps(document | {"version": "1.3.0"}).encode())
    admin.post(f"{DEFINITIONS}add/", {"document": "", "upload": upload})
    versions = set(Definition.objects.values_list("version", "status"))
    assert versions == {("1.2.0", "draft"), ("1.3.0", "draft")}
    assert AuditEntry.objects.filter(actor=f"user:{alice.pk}").count() == 2


def test_every_fault_stands_on_the_page_with_its_pointer(admin, document):
    document["unheard"] = "<script>\n"
    document["methods"]["ping"]["htpp"] = {}
    text = page(admin.post(f"{DEFINITIONS}add/", {"document": dump(document).decode()}))
    assert "/unheard" in text
    assert "/methods/ping/htpp" in text
    assert "<script>\n" not in text
    assert not Definition.objects.exists()


def test_a_draft_is_edited_and_a_published_one_only_read(admin, define, document):
    row = define(publish=False)
    url = f"{DEFINITIONS}{row.pk}/change/"
    assert "<textarea" in page(admin.get(url))
    changed = dump(document | {"name": "Changed"}).decode()
    admin.post(url, {"document": changed})
    row.refresh_from_db()
    assert row.name == "Changed"
    verb(admin, DEFINITIONS, row, "publish")
    text = page(admin.get(url))
    assert "<textarea" not in text
    assert "get_contact" in text
    admin.post(url, {"document": changed.replace("Changed", "Again")})
    row.refresh_from_db()
    assert (row.name, row.status) == ("Changed", "published")


def test_the_life_is_led_by_posts_alone(admin, define):
    row = define(publish=False)
    assert admin.get(f"{DEFINITIONS}{row.pk}/do/publish/").status_code == 405
    assert "Publish: acme-crm@1.2.0" in page(verb(admin, DEFINITIONS, row, "publish"))
    assert "only what is draft" in page(verb(admin, DEFINITIONS, row, "publish"))
    ids = {"_selected_action": [str(row.pk)], "action": "archive"}
    page(admin.post(DEFINITIONS, ids, follow=True))
    row.refresh_from_db()
    assert row.status == "archived"


def test_what_is_used_is_not_archived_and_the_page_says_why(admin, connect):
    row = connect("acme").definition
    assert "instances use it" in page(verb(admin, DEFINITIONS, row, "archive"))


def test_an_instance_is_made_changed_switched_and_deleted(admin, define, alice):
    definition = define()
    assert "Config" in page(admin.get(f"{INSTANCES}add/"))
    members = {
        "definition": str(definition.pk),
        "slug": "acme",
        "name": "Acme",
        "config": '{"region": "us"}',
        "context_type": "client",
        "context_id": "c1",
        "labels": '{"team": "x"}',
        "overrides": "",
    }
    admin.post(f"{INSTANCES}add/", members)
    row = Instance.objects.get()
    assert (row.context_type, row.context_id, row.state) == (
        "client",
        "c1",
        "pending_authentication",
    )
    url = f"{INSTANCES}{row.pk}/change/"
    text = page(admin.get(url))
    assert "Pending Authentication" in text
    assert "base_url" in text
    bad = page(admin.post(url, members | {"config": '{"region": "mars"}'}))
    assert "/config/region" in bad
    admin.post(url, members | {"name": "New"})
    row.refresh_from_db()
    assert row.name == "New"
    verb(admin, INSTANCES, row, "disable")
    row.refresh_from_db()
    assert not row.enabled
    page(admin.post(f"{INSTANCES}{row.pk}/delete/", {"post": "yes"}, follow=True))
    assert not Instance.objects.exists()
    assert set(
        AuditEntry.objects.filter(actor=f"user:{alice.pk}").values_list("action", flat=True)
    ) == {"instance.created", "instance.changed", "instance.disabled", "instance.deleted"}


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"config": "{"}, "Not acceptable JSON"),
        ({"config": '{"base_url": "http://10.0.0.1"}'}, "may not be called"),
        ({"context_type": "client"}, "/context/id"),
        ({"overrides": '{"retries": {}}'}, "/overrides/retries"),
        ({"slug": "Not A Slug"}, "slug"),
    ],
)
def test_an_instance_that_is_wrong_is_refused_beside_the_field(admin, define, change, text):
    members = {
        "definition": str(define().pk),
        "slug": "acme",
        "name": "A",
        "context_type": "global",
    }
    assert text in page(admin.post(f"{INSTANCES}add/", members | change))
    assert not Instance.objects.exists()


def test_lists_cost_the_same_for_one_row_and_many(admin, define, connect):
    connect("a")
    for url in (DEFINITIONS, INSTANCES):
        page(admin.get(url))
        with CaptureQueriesContext(connection) as few:
            page(admin.get(url))
        for number in range(4):
            connect(f"{url.split('/')[-2]}-{number}")
            define(version=f"2.{len(url)}.{number}")
        with CaptureQueriesContext(connection) as many:
            page(admin.get(f"{url}?q=a"))
            page(admin.get(url))
        assert len(many) <= 2 * len(few)


def test_every_adapter_is_listed_with_its_state_and_its_definitions(admin, define, monkeypatch):
    define()
    monkeypatch.setitem(adapters.disabled, "broken", "it cannot be imported: no module 'x'")
    text = page(admin.get("/admin/registry/adapterswitch/"))
    assert "it cannot be imported" in text
    assert '?type__exact=http">1</a>' in text
    assert text.count('hub-badge hub-ok">active') + text.count('hub-ok">registered') > 5


def test_an_adapter_is_switched_with_a_reason(admin):
    url = reverse("admin:registry_adapterswitch_add")
    admin.post(url, {"type": "http", "reason": "maintenance"})
    assert AdapterSwitch.objects.get().enabled is False
    assert AuditEntry.objects.get(action="adapter.disabled").target == "http"


def test_bob_may_configure_instances_but_not_definitions_and_charlie_nothing(
    client, bob, charlie, connect
):
    row = connect("acme")
    client.force_login(bob)
    assert verb(client, INSTANCES, row, "disable").status_code == 200
    assert verb(client, DEFINITIONS, row.definition, "archive").status_code == 403
    assert client.get(f"{DEFINITIONS}add/").status_code == 403
    client.force_login(charlie)
    assert client.get(INSTANCES).status_code == 302
    services.enable_instance(instance=row, actor="tests")
    verb(client, INSTANCES, row, "disable")
    row.refresh_from_db()
    assert row.enabled
