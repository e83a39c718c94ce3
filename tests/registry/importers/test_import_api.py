"""`POST /definitions/import/openapi`."""

from __future__ import annotations

import json

import pytest
import yaml

from registry.models import Definition

pytestmark = pytest.mark.django_db
URL = "/api/v1/definitions/import/openapi"


@pytest.fixture
def send(api):
    client = api("manage")

    def post(**members):
        return client.post(URL, {"slug": "acme-pets"} | members, format="json")

    return post


@pytest.mark.parametrize("written", [dict, json.dumps, yaml.safe_dump])
def test_a_description_as_object_or_text_becomes_a_draft(send, pets, written):
    answer = send(document=written(pets))
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert made["definition"]["status"] == "draft"
    assert made["definition"]["version"] == "2.1.0", "the description's own"
    assert made["report"]["imported"] == len(made["definition"]["methods"]) == 4
    assert answer["ETag"]
    assert Definition.objects.get().pk == Definition.objects.get(slug="acme-pets").pk


@pytest.mark.parametrize(("include", "names"), [
    ({"tags": ["admin"]}, {"create_pet"}),
    ({"paths": ["/pets/{id}"]}, {"get_pet", "delete_pets_id"}),
    ({"paths": ["/pets"]}, {"list_pets", "create_pet", "get_pet", "delete_pets_id"}),
    ({"paths": ["/*/{id}"]}, {"get_pet", "delete_pets_id"}),
    ({"operations": ["listPets", "DELETE /pets/{id}"]}, {"list_pets", "delete_pets_id"}),
    ({"tags": ["admin"], "operations": ["listPets"]}, {"create_pet", "list_pets"}),
])  # fmt: skip
def test_include_chooses_operations(send, pets, include, names):
    made = send(document=pets, include=include).json()
    assert set(made["definition"]["methods"]) == names
    assert made["report"]["not_chosen"] == 4 - len(names)


def test_a_name_in_include_that_is_not_there_is_said(send, pets):
    report = send(document=pets, include={"tags": ["pets", "cats"]}).json()["report"]
    assert any("'cats'" in item["note"] for item in report["notes"])
    nothing = send(document=pets, include={"tags": ["cats"]}, version="3.0.0")
    assert nothing.status_code == 400


@pytest.mark.parametrize("body", [
    {}, {"document": {}, "url": "https://a.example"}, {"document": 7},
    {"document": "{"}, {"document": "a: &a [*a]"}, {"document": {}, "include": {"names": []}},
    {"document": {}, "version": "1"}, {"document": {}, "slug": "No Slug"},
])  # fmt: skip
def test_a_wrong_body_is_400_and_leaves_nothing(send, body):
    answer = send(**body)
    assert answer.status_code == 400, answer.content
    assert not Definition.objects.exists()


def test_a_version_that_exists_is_a_conflict(send, pets):
    assert send(document=pets).status_code == 201
    assert send(document=pets).status_code == 409
    assert send(document=pets, version="2.2.0").status_code == 201


def test_addresses_that_may_not_be_reached_are_refused(send):
    for url in ("http://169.254.169.254/openapi.json", "http://[::1]/x", "file:///etc/passwd"):
        assert send(url=url).status_code in (400, 403), url
    assert not Definition.objects.exists()
