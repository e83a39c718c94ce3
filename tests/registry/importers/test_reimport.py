"""A later revision of a description, merged with what was edited here since."""

from __future__ import annotations

import copy

import pytest

from registry.import_record import keep_import
from registry.models import Definition, DefinitionImport

pytestmark = pytest.mark.django_db
URL = "/api/v1/definitions/import/openapi"


@pytest.fixture
def client(api):
    return api("manage")


@pytest.fixture
def send(client):
    def post(path=URL, expected=201, **members):
        answer = client.post(path, members, format="json")
        assert answer.status_code == expected, answer.content
        return answer.json()

    return post


@pytest.fixture
def edited(send, client, pets):
    """Imported, then edited here: a description, a limit, one method gone and one renamed."""
    send(document=pets, slug="acme-pets")
    methods = Definition.objects.get().document
    assert "get_pet" in methods
    patch = {
        "rate_limit": {"requests": 10, "per_seconds": 1},
        "methods": {
            "list_pets": {"description": "Every pet we have", "cache_seconds": 60},
            "delete_pets_id": None,
        },
    }
    url = "/api/v1/definitions/acme-pets@2.1.0"
    assert client.patch(url, patch, format="json").status_code == 200
    return "acme-pets@2.1.0"


@pytest.fixture
def revised(pets):
    """The system's next revision: a new operation, a new parameter, other words."""
    new = copy.deepcopy(pets)
    new["info"]["version"] = "2.2.0"
    paths = new["paths"]
    paths["/pets"]["get"]["description"] = "Pets, newest first"
    paths["/pets"]["get"]["parameters"].append(
        {"name": "sort", "in": "query", "schema": {"type": "string"}}
    )
    paths["/pets/{id}"]["delete"]["summary"] = "Delete a pet"
    paths["/owners"] = {"get": {"operationId": "listOwners", "responses": {}}}
    return new


def test_local_edits_stay_and_the_description_brings_what_is_new(send, client, edited, revised):
    made = send(expected=200, document=revised, merge_with=edited)
    methods = made["definition"]["methods"]
    assert "list_owners" in methods, "new in the description"
    assert "sort" in methods["list_pets"]["param_schema"]["properties"]
    assert methods["list_pets"]["description"] == "Every pet we have"
    assert methods["list_pets"]["cache_seconds"] == 60
    assert made["definition"]["rate_limit"] == {"requests": 10, "per_seconds": 1}
    assert "delete_pets_id" not in methods, "removed here, so it stays removed"
    merged = made["merge"]
    conflicts = {item["pointer"]: item for item in merged["conflicts"]}
    assert set(conflicts) == {"/methods/list_pets/description", "/methods/delete_pets_id"}
    assert conflicts["/methods/list_pets/description"]["ours"] == '"Every pet we have"'
    assert conflicts["/methods/list_pets/description"]["kept"] == "ours"
    assert conflicts["/methods/delete_pets_id"]["ours"] is None
    assert "/methods/list_owners" in {item["pointer"] for item in merged["changes"]}
    assert "/rate_limit" in {item["pointer"] for item in merged["edits"]}
    again = send(expected=200, document=revised, merge_with=edited)["merge"]
    assert not again["conflicts"], "what was decided once is a local edit and no conflict again"
    assert not again["changes"]


def test_a_preview_stores_nothing(send, edited, revised):
    before = Definition.objects.get().document, DefinitionImport.objects.get().document
    shown = send(f"{URL}?dry_run=true", expected=200, document=revised, merge_with=edited)
    assert "list_owners" in shown["definition"]["methods"]
    assert shown["merge"]["conflicts"]
    assert before == (Definition.objects.get().document, DefinitionImport.objects.get().document)
    fresh = send(f"{URL}?dry_run=true", expected=200, document=revised, slug="other")
    assert fresh["report"]["imported"] == 5
    assert not Definition.objects.filter(slug="other").exists()


def test_the_description_wins_where_it_is_taken(send, edited, revised):
    one = send(
        expected=200,
        document=revised,
        merge_with=edited,
        take=["/methods/list_pets/description"],
    )
    said = one["definition"]["methods"]["list_pets"]["description"]
    assert "newest first" in said
    assert {item["kept"] for item in one["merge"]["conflicts"]} == {"ours", "theirs"}


def test_all_conflicts_can_be_taken_at_once(send, edited, revised):
    made = send(expected=200, document=revised, merge_with=edited, take=[""])
    assert "delete_pets_id" in made["definition"]["methods"]
    assert made["definition"]["rate_limit"], "what only this side changed is no conflict"


def test_what_is_published_gets_a_draft_of_its_next_version(send, client, edited, revised):
    send(f"/api/v1/definitions/{edited}/publish", expected=200)
    made = send(document=revised, merge_with="acme-pets")
    assert made["definition"]["version"] == "2.2.0", "the description's own is a step up"
    assert made["definition"]["status"] == "draft"
    assert made["merge"]["with"] == "acme-pets@2.1.0"
    revised["info"]["version"] = "1.0.0"
    del revised["paths"]["/pets"]["get"]
    breaking = send(document=revised, merge_with="acme-pets@2.1.0", take=[""])
    assert breaking["definition"]["version"] == "3.0.0", "the next number that says it breaks"
    named = send(document=revised, merge_with="acme-pets@2.1.0", version="4.0.0-rc.1")
    assert named["definition"]["version"] == "4.0.0-rc.1"
    send(expected=409, document=revised, merge_with="acme-pets@2.1.0", version="4.0.0-rc.1")


def test_the_next_import_stands_upon_the_last_one(send, client, edited, revised):
    """Also where the version between was written by hand."""
    send(f"/api/v1/definitions/{edited}/publish", expected=200)
    document = client.get(f"/api/v1/definitions/{edited}/export").json() | {"version": "2.1.1"}
    document["methods"]["get_pet"]["description"] = "By hand"
    send("/api/v1/definitions", **document)
    made = send(expected=200, document=revised, merge_with="acme-pets@2.1.1")
    assert made["definition"]["methods"]["get_pet"]["description"] == "By hand"
    assert "list_owners" in made["definition"]["methods"]


def test_the_choice_of_the_last_import_holds(send, pets, revised):
    send(document=pets, slug="acme-pets", include={"tags": ["pets"]})
    kept = send(expected=200, document=revised, merge_with="acme-pets@2.1.0")
    assert set(kept["definition"]["methods"]) == {"list_pets", "create_pet"}
    more = send(expected=200, document=revised, merge_with="acme-pets@2.1.0", include={})
    assert "list_owners" in more["definition"]["methods"]


def test_what_cannot_be_merged_says_why(send, define, edited, revised):
    define()
    refused = send(expected=400, document=revised, merge_with="acme-crm@1.2.0")
    assert refused["errors"][0]["pointer"] == "/merge_with"
    assert "was not imported" in refused["detail"]
    other = send(expected=400, document=revised, merge_with=edited, slug="else")
    assert other["errors"][0]["pointer"] == "/slug"
    send(expected=404, document=revised, merge_with="nobody@1.0.0")
    send(expected=400, document=revised)
    send(f"{URL}?dry_run=perhaps", expected=400, document=revised, slug="x")


def test_an_outcome_that_is_not_valid_is_refused_with_its_places(send, client, edited, revised):
    patch = {"health_check": {"method": "get_owner"}, "methods": {
        "get_owner": {"http": {"method": "GET", "path": "/owner"}}}}  # fmt: skip
    url = "/api/v1/definitions/acme-pets@2.1.0"
    assert client.patch(url, patch, format="json").status_code == 200
    client.patch(url, {"health_check": {"method": "list_pets"}}, format="json")
    del revised["paths"]["/pets"]["get"]
    refused = send(expected=400, document=revised, merge_with=edited, take=[""])
    assert refused["errors"][0]["pointer"] == "/health_check/method"
    assert "list_owners" not in Definition.objects.get().document


def test_the_address_of_a_description_is_kept_without_its_secrets(send, pets):
    send(document=pets, slug="acme-pets")
    row = Definition.objects.get()
    keep_import(
        row,
        importer="openapi",
        url="https://ann:pw@api.acme.example/openapi.json?token=t0p",
        include=None,
        document={},
        report={},
    )
    assert DefinitionImport.objects.get().source == "https://api.acme.example/openapi.json"
