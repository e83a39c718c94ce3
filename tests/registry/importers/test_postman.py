"""What the parts of a Postman collection become."""

from __future__ import annotations

import pytest

from registry.document import parse_definition

COLLECTION = {
    "info": {
        "name": "Acme",
        "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
    },
    "variable": [{"key": "base", "value": "https://api.acme.example"}],
    "auth": {"type": "apikey", "apikey": [{"key": "key", "value": "X-Key"}]},
    "item": [
        {
            "name": "Users",
            "item": [
                {
                    "name": "Get user",
                    "request": {
                        "method": "GET",
                        "url": {
                            "raw": "{{base}}/users/:id?full=1",
                            "query": [{"key": "full", "value": "1"}],
                        },
                        "header": [
                            {"key": "Accept", "value": "x"},
                            {"key": "X-Trace", "value": ""},
                        ],
                    },
                },
                {
                    "name": "Make user",
                    "request": {
                        "method": "POST",
                        "url": "{{base}}/users",
                        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "s3cret"}]},
                        "body": {"mode": "raw", "raw": '{"name": "a", "age": 3}'},
                    },
                },
            ],
        },
        {
            "name": "Upload",
            "request": {
                "method": "POST",
                "url": "{{base}}/files",
                "body": {"mode": "formdata", "formdata": [{"key": "f", "type": "file"}]},
            },
        },
        {"name": "Elsewhere", "request": {"method": "GET", "url": "https://other.example/x"}},
    ],
}


def test_requests_become_methods_and_folders_tags(draft_of):
    draft = draft_of(COLLECTION, importer="postman", include=None)
    spec = parse_definition(draft.document)
    assert list(spec.methods) == ["users_get_user", "users_make_user"]
    assert spec.default_config == {"base_url": "https://api.acme.example"}
    assert spec.methods["users_get_user"].protocol == {
        "method": "GET",
        "path": "/users/{id}",
        "query": {"full": "{full}"},
        "headers": {"X-Trace": "{x_trace}"},
    }
    made = spec.methods["users_make_user"]
    assert set(made.param_schema["properties"]) == {"name", "age"}
    assert [item["operation"] for item in draft.left_out] == ["Upload", "Elsewhere"]
    chosen = draft_of(COLLECTION, importer="postman", include={"tags": ["Users"]})
    assert chosen.not_chosen == 2


def test_auth_is_inherited_and_its_values_are_not_kept(draft_of):
    draft = draft_of(COLLECTION, importer="postman")
    assert draft.document["auth"] == [
        {"id": "apikey", "type": "api_key", "in": "header", "name": "X-Key"},
        {"id": "bearer", "type": "bearer"},
    ]
    assert "s3cret" not in str(draft)


@pytest.mark.django_db
def test_the_route_makes_a_draft(api):
    body = {"slug": "acme", "document": COLLECTION}
    answer = api("manage").post("/api/v1/definitions/import/postman", body, format="json")
    assert answer.status_code == 201, answer.content
    assert answer.json()["report"]["imported"] == 2
