"""Importing in the admin: give the description, choose, see, store; and again."""

from __future__ import annotations

import copy
import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from integration_hub.audit.models import AuditEntry
from integration_hub.lib import clock
from registry import staging
from registry.models import Definition, DefinitionImport, StagedImport
from tests.registry.importers.test_postman import COLLECTION

pytestmark = pytest.mark.django_db
START = "/admin/registry/definition/import/"


@pytest.fixture
def admin(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def give(admin):
    """`give(document)`: the address of the page on which it is chosen from."""

    def send(document, start=START):
        answer = admin.post(start, {"text": json.dumps(document)})
        assert answer.status_code == 302, answer.content.decode()[-2_000:]
        return answer["Location"]

    return send


def text_of(answer):
    assert answer.status_code == 200, answer
    return answer.content.decode()


def test_a_description_is_given_chosen_from_shown_and_stored(admin, alice, give, pets):
    pets["paths"]["/upload"] = {"put": {"operationId": "putXml", "requestBody": {
        "required": True, "content": {"application/xml": {}}}, "responses": {}}}  # fmt: skip
    page = give(pets)
    shown = text_of(admin.get(page))
    assert "GET /pets/{id}" in shown
    assert 'value="listPets"' in shown
    chosen = json.dumps(["listPets", "get-pet", "putXml"])
    told = text_of(admin.post(page, {"slug": "acme-pets", "chosen": chosen, "do": "show"}))
    assert "putXml" in told
    assert "application/xml" in told, "left out, and why"
    assert not Definition.objects.exists()
    made = admin.post(page, {"slug": "acme-pets", "chosen": chosen, "do": "store"}, follow=True)
    row = Definition.objects.get()
    assert (row.ref, row.status) == ("acme-pets@2.1.0", "draft")
    assert set(json.loads(row.document)["methods"]) == {"list_pets", "get_pet"}
    said = text_of(made)
    assert "1 left out" in said
    assert "Import a later revision" in said
    assert "application/xml" in said, "the report stays on the definition's page"
    assert AuditEntry.objects.get(action="definition.created").actor == f"user:{alice.pk}"
    assert not StagedImport.objects.exists()


@pytest.mark.parametrize(("said", "methods"), [
    ({}, {"list_pets", "create_pet", "get_pet", "delete_pets_id"}),
    ({"tags": "admin"}, {"create_pet"}),
    ({"chosen": "[]", "paths": "/pets/{id}, /none"}, {"get_pet", "delete_pets_id"}),
    ({"chosen": '["listPets"]', "tags": "admin"}, {"list_pets", "create_pet"}),
])  # fmt: skip
def test_operations_are_chosen_by_id_tag_and_path(admin, give, pets, said, methods):
    admin.post(give(pets), {"slug": "acme-pets", "version": "1.0.0", "do": "store"} | said)
    row = Definition.objects.get(slug="acme-pets", version="1.0.0")
    assert set(json.loads(row.document)["methods"]) == methods


@pytest.mark.parametrize(("said", "words"), [
    ({"slug": "Not A Slug"}, "Enter a valid value"),
    ({"slug": "a", "version": "one"}, "Enter a valid value"),
    ({"slug": "a", "chosen": "[]"}, "Nothing is chosen"),
    ({"slug": "a", "chosen": "{"}, "cannot be read"),
    ({"slug": "a", "tags": "none-such"}, "none was chosen"),
    ({"slug": "meta-schema"}, "word of the API"),
])  # fmt: skip
def test_a_choice_that_cannot_be_stored_says_why(admin, give, pets, said, words):
    shown = text_of(admin.post(give(pets), said | {"do": "store"}))
    assert words in shown
    assert not Definition.objects.exists()


@pytest.mark.parametrize(("given", "words"), [
    ({}, "one of them"),
    ({"text": "x: 1", "url": "https://a.example"}, "one of them"),
    ({"text": "{"}, "line 1"),
    ({"text": '{"hello": 1}'}, "known are: OpenAPI"),
    ({"text": '{"openapi": "3.0.0"}'}, "no `paths`"),
    ({"url": "http://169.254.169.254/latest"}, "169.254"),
    ({"url": "nonsense"}, "http"),
])  # fmt: skip
def test_a_description_that_cannot_be_read_says_why(admin, given, words):
    assert words in text_of(admin.post(START, given))
    assert not Definition.objects.exists()


def test_a_file_of_either_kind_is_told_apart(admin):
    upload = SimpleUploadedFile("c.json", json.dumps(COLLECTION).encode())
    answer = admin.post(START, {"upload": upload})
    assert "Users/Get user" in text_of(admin.get(answer["Location"]))
    assert StagedImport.objects.get().importer == "postman"


def test_a_later_revision_is_shown_as_a_diff_and_merged(admin, give, pets):
    admin.post(
        give(pets), {"slug": "acme-pets", "chosen": '["listPets", "get-pet"]', "do": "store"}
    )
    row = Definition.objects.get()
    document = json.loads(row.document)
    document["methods"]["list_pets"]["description"] = "Mine"
    admin.post(f"/admin/registry/definition/{row.pk}/change/", {"document": json.dumps(document)})
    new = copy.deepcopy(pets)
    new["paths"]["/pets"]["get"]["description"] = "Theirs"
    new["paths"]["/pets/{id}"]["get"]["description"] = "News"
    page = give(new, f"{START}?merge_with={row.pk}")
    shown = text_of(admin.get(page))
    assert "[&quot;listPets&quot;,&quot;get-pet&quot;]" in shown, "as it was chosen last"
    said = {"chosen": '["listPets", "get-pet"]'}
    told = text_of(admin.post(page, said | {"do": "show"}))
    assert "/methods/list_pets/description" in told
    assert "Changed here and there: 1" in told
    admin.post(page, said | {"do": "store"})
    stored = json.loads(Definition.objects.get().document)["methods"]
    assert stored["list_pets"]["description"] == "Mine"
    assert stored["get_pet"]["description"] == "News"
    new["paths"]["/pets"]["get"]["description"] = "Newer"
    page = give(new, f"{START}?merge_with={row.pk}")
    admin.post(page, said | {"do": "store", "take": "/methods/list_pets/description"})
    stored = json.loads(Definition.objects.get().document)["methods"]
    assert stored["list_pets"]["description"] == "Newer"


def test_what_was_never_imported_has_nothing_to_merge(admin, give, pets, define):
    row = define(publish=False)
    page = give(pets, f"{START}?merge_with={row.pk}")
    assert "was not imported" in text_of(admin.post(page, {"do": "show"}))
    assert admin.get(f"{START}?merge_with=nobody").status_code == 404


def test_what_is_kept_between_pages_is_sealed_and_its_owners_alone(client, admin, bob, give):
    secret = copy.deepcopy(COLLECTION)
    secret["variable"].append({"key": "token", "value": "s3cret-in-a-collection"})
    page = give(secret)
    row = StagedImport.objects.get()
    assert b"s3cret" not in bytes(row.description.token)
    bob.is_superuser = bob.is_staff = True
    bob.save()
    client.force_login(bob)
    gone = client.get(page, follow=True)
    assert "not kept any more" in text_of(gone)


def test_old_descriptions_go_and_nobody_keeps_many(admin, give, pets):
    for _ in range(staging.MOST_OF_ONE + 2):
        give(pets)
    assert StagedImport.objects.count() == staging.MOST_OF_ONE
    StagedImport.objects.update(created_at=clock.now() - staging.KEPT - timedelta(minutes=1))
    give(pets)
    assert StagedImport.objects.count() == 1


def test_who_may_not_add_definitions_may_not_import(client, charlie):
    charlie.is_staff = True
    charlie.save()
    client.force_login(charlie)
    assert client.get(START).status_code == 403
    assert client.post(START, {"text": "{}"}).status_code == 403


def test_a_thousand_methods_are_listed_and_stored(admin, give):
    paths = {
        f"/things{at}": {
            "get": {"operationId": f"thing{at}", "summary": "A" * 300, "responses": {}}
        }
        for at in range(1_000)
    }
    info = {"title": "Many", "version": "1.0.0"}
    page = give({"openapi": "3.0.3", "info": info, "paths": paths})
    assert text_of(admin.get(page)).count('type="checkbox"') >= 1_000
    chosen = json.dumps([f"thing{at}" for at in range(999)])
    made = admin.post(page, {"slug": "many", "chosen": chosen, "do": "store"}, follow=True)
    shown = text_of(made)
    assert "999 imported methods" in shown
    assert shown.count("<tr><td><strong>thing") == 999
    assert 'data-filter="methods"' in shown
    assert DefinitionImport.objects.get().importer == "openapi"
