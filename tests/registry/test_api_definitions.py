import json
from importlib import import_module

import pytest
import yaml
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registry.document import read_document
from registry.models import Definition

pytestmark = pytest.mark.django_db
URL = "/api/v1/definitions"


@pytest.fixture
def manager(api):
    return api("manage")


def post(client, document, kind="application/json"):
    body = json.dumps(document) if kind.endswith("json") else yaml.safe_dump(document)
    return client.generic("POST", URL, body, content_type=kind)


@pytest.mark.parametrize("kind", ["application/json", "application/yaml"])
def test_a_document_goes_in_and_comes_out_with_id_and_status(manager, document, kind):
    made = post(manager, document, kind)
    assert made.status_code == 201, made.content
    body = made.json()
    assert body["status"] == "draft"
    assert made["ETag"]
    again = manager.get(made["Location"]).json()
    assert again == body
    assert {name: again[name] for name in document} == document


def test_every_fault_has_its_pointer(manager, document):
    document["unheard"] = 1
    document["methods"]["get_contact"]["param_schema"]["properties"] = {}
    answer = post(manager, document)
    assert answer.status_code == 400
    assert answer["Content-Type"].startswith("application/problem+json")
    found = {error["pointer"] for error in answer.json()["errors"]}
    assert {"/unheard", "/methods/get_contact/http/path"} <= found


@pytest.mark.parametrize(
    ("raw", "kind", "status"),
    [
        ("{", "application/json", 400),
        ("a: [", "application/yaml", 400),
        ("[1]", "application/json", 400),
        ("", "application/json", 400),
        ("x", "text/plain", 415),
    ],
)
def test_unreadable_bodies_are_problems(manager, raw, kind, status):
    assert manager.generic("POST", URL, raw, content_type=kind).status_code == status


def test_the_life_of_a_definition(manager, document):
    ref = post(manager, document).json()["id"]
    assert manager.get(f"{URL}/acme-crm").status_code == 404
    assert manager.post(f"{URL}/{ref}/publish").json()["status"] == "published"
    assert manager.post(f"{URL}/{ref}/publish").status_code == 409
    assert manager.get(f"{URL}/acme-crm@^1").json()["id"] == ref
    put = manager.put(f"{URL}/{ref}", document, format="json")
    assert (put.status_code, put.json()["code"]) == (409, "CONFLICT")
    assert manager.delete(f"{URL}/{ref}").status_code == 409
    assert manager.post(f"{URL}/{ref}/deprecate").json()["status"] == "deprecated"
    assert manager.post(f"{URL}/{ref}/archive", {"reason": "old"}, format="json").status_code == 200
    assert post(manager, document).status_code == 409


def test_a_life_cycle_call_takes_an_object_or_nothing(manager, document):
    ref = post(manager, document).json()["id"]
    answer = manager.post(f"{URL}/{ref}/publish", "[]", content_type="application/json")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "")
    assert manager.get(f"{URL}/{ref}").json()["status"] == "draft"


def test_what_was_read_can_be_put_back_and_read_only_members_cannot_change(manager, document):
    made = post(manager, document).json()
    url = f"{URL}/{made['id']}"
    assert manager.put(url, made, format="json").status_code == 200
    changed = manager.patch(url, {"name": "New", "id": made["id"]}, format="json")
    assert changed.json()["name"] == "New"
    refused = manager.patch(url, {"status": "published"}, format="json")
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["pointer"] == "/status"


def test_if_match_guards_drafts(manager, document):
    made = post(manager, document)
    url, tag = made["Location"], made["ETag"]
    assert manager.patch(url, {"name": "B"}, format="json", HTTP_IF_MATCH=tag).status_code == 200
    stale = manager.patch(url, {"name": "C"}, format="json", HTTP_IF_MATCH=tag)
    assert stale.status_code == 412
    assert manager.delete(url, HTTP_IF_MATCH=tag).status_code == 412
    assert manager.get(url).json()["name"] == "B"
    assert manager.delete(url).status_code == 204


def test_methods_are_discovered_with_the_execute_scope_alone(api, define):
    define()
    caller = api("execute")
    listed = caller.get(f"{URL}/acme-crm/methods").json()
    assert listed["count"] == 3
    one = caller.get(f"{URL}/acme-crm/methods/get_contact").json()
    assert one["param_schema"]["required"] == ["id"]
    assert one["risk"] == "read"
    assert caller.get(f"{URL}/acme-crm/schema").json()["methods"]["get_contact"]["param_schema"]
    missing = caller.get(f"{URL}/acme-crm/methods/getcontact")
    assert (missing.status_code, missing.json()["suggestions"][0]) == (404, "get_contact")
    assert caller.get(f"{URL}/acme-crm").status_code == 403


@pytest.mark.parametrize(
    ("query", "accept", "kind"),
    [
        ("?format=yaml", "*/*", "application/yaml"),
        ("?format=json", "*/*", "application/json"),
        ("", "application/yaml", "application/yaml"),
        ("", "*/*", "application/json"),
    ],
)
def test_an_export_imports_again_to_an_equal_definition(api, define, document, query, accept, kind):
    define()
    answer = api("read").get(f"{URL}/acme-crm/export{query}", HTTP_ACCEPT=accept)
    assert answer["Content-Type"].startswith(kind)
    assert read_document(answer.content, kind) == document


def test_an_unknown_export_format_is_a_bad_request(api, define):
    define()
    assert api("read").get(f"{URL}/acme-crm/export?format=xml").status_code == 400


def test_the_meta_schema_is_served(api):
    assert api("read").get(f"{URL}/meta-schema").json()["required"] == [
        "slug",
        "name",
        "version",
        "type",
    ]


def test_lists_are_searched_filtered_ordered_and_cost_the_same(api, define):
    define(tags=["crm", "eu"])
    define(slug="other", name="Other", tags=["crm-eu"], publish=False)
    reader = api("read")

    def slugs(query):
        return [row["slug"] for row in reader.get(f"{URL}?{query}").json()["results"]]

    assert slugs("search=Other") == ["other"]
    assert slugs("status=published") == ["acme-crm"]
    assert slugs("tag=crm") == ["acme-crm"]
    assert slugs("ordering=-slug") == ["other", "acme-crm"]
    assert reader.get(f"{URL}?stauts=draft").status_code == 400
    with CaptureQueriesContext(connection) as few:
        reader.get(URL)
    for number in range(5):
        define(version=f"3.0.{number}")
    with CaptureQueriesContext(connection) as many:
        reader.get(URL)
    assert len(few) == len(many)
    assert Definition.objects.count() == 7


def test_adapters_are_listed_with_their_schemas(api):
    reader = api("read")
    listed = reader.get("/api/v1/adapters").json()["results"]
    assert {row["type"] for row in listed} >= {"http"}
    http = reader.get("/api/v1/adapters/http").json()
    assert (http["state"], "bearer" in http["supported_auth"]) == ("active", True)
    assert http["config_schema"]["properties"]["base_url"]
    missing = reader.get("/api/v1/adapters/htp")
    assert (missing.status_code, missing.json()["suggestions"]) == (404, ["http"])


@pytest.mark.parametrize("ref", ["acme@^^", "no-such", "x" * 500, "a@" + "9" * 300])
def test_hostile_refs_are_400_or_404(api, ref):
    assert api("read").get(f"{URL}/{ref}").status_code in (400, 404)


@pytest.mark.parametrize("words", [
    "get_contact", "GET_CONTACT", "contact acme", "straße", "STRASSE", "eu", "100%", "acme-crm",
])  # fmt: skip
def test_a_search_looks_into_methods_tags_and_words_whatever_their_case(api, define, words):
    define(tags=["EU"], description="In the Straße, 100% of it")
    define(slug="other", name="Other", methods={"ping": {"http": {"method": "GET", "path": "/"}}})
    reader = api("read")
    found = reader.get(URL, {"search": words}).json()["results"]
    assert [row["slug"] for row in found] == ["acme-crm"]
    assert reader.get(URL, {"search": "nowhere"}).json()["count"] == 0


def test_a_search_costs_as_many_statements_as_a_list(api, define):
    for number in range(5):
        define(version=f"1.0.{number}")
    reader = api("read")
    reader.get(URL)
    with CaptureQueriesContext(connection) as listed:
        reader.get(URL)
    with CaptureQueriesContext(connection) as searched:
        reader.get(f"{URL}?search=contact&page_size=2&page=2")
    assert len(searched) == len(listed)


def test_definitions_stored_before_the_search_are_found_by_it(define):
    row = define()
    Definition.objects.update(search_text="")
    migration = import_module("registry.migrations.0007_search")
    migration.fill(apps, None)
    row.refresh_from_db()
    assert "get_contact" in row.search_text
    assert Definition.objects.filter(search_text__icontains="GET_CONTACT").exists()
