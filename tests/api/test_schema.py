"""The OpenAPI document, its page, and the policy of the browser."""

import re

import pytest
from django.test import Client
from openapi_spec_validator import validate

from integration_hub.api.problem_schema import answerable

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def document(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        response = Client().get("/api/schema", HTTP_ACCEPT="application/json")
    assert response.status_code == 200
    return response.json()


def operations(document):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if isinstance(operation, dict) and "responses" in operation:
                yield f"{method.upper()} {path}", operation


def test_it_is_a_valid_openapi_3_1_document(document):
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_every_operation_documents_its_problems_and_the_request_id(document):
    for name, operation in operations(document):
        assert {"400", "406", "429", "500", "503"} <= set(operation["responses"]), name
        if operation.get("security") != []:
            assert {"401", "403"} <= set(operation["responses"]), name
        if "requestBody" in operation:
            assert {"413", "415"} <= set(operation["responses"]), name
        for status, response in operation["responses"].items():
            assert "X-Request-ID" in response["headers"], (name, status)
            if int(status) >= 400:
                assert list(response["content"]) == ["application/problem+json"], (name, status)


def test_a_list_with_numbered_pages_documents_the_page_past_its_end(document):
    numbered = {
        name: operation
        for name, operation in operations(document)
        if any(parameter["name"] == "page" for parameter in operation.get("parameters", ()))
    }
    assert "GET /api/v1/definitions" in numbered
    assert [name for name, found in numbered.items() if "404" not in found["responses"]] == []


def test_every_operation_says_its_scope_and_takes_a_bearer_token(document):
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    for name, operation in operations(document):
        if operation.get("security") != []:
            assert {"bearer": []} in operation["security"], name
            assert "Scope:" in operation["description"], name


def test_every_code_has_an_example_that_fits_the_schema(document):
    schema = document["components"]["schemas"]["Problem"]
    assert {kind.code for kind in answerable()} == set(schema["properties"]["code"]["enum"])
    for code in schema["properties"]["code"]["enum"]:
        example = document["components"]["examples"][code]["value"]
        assert set(schema["required"]) <= set(example), code


def test_it_comes_as_yaml_too(client):
    response = client.get("/api/schema", HTTP_ACCEPT="application/vnd.oai.openapi")
    assert response.content.startswith(b"openapi: 3.1")


def test_the_page_has_local_assets_and_no_inline_script_or_style(client):
    response = client.get("/api/docs", HTTP_ACCEPT="text/html")
    page = response.content.decode()
    assert response.status_code == 200
    assert all(src.startswith("/") for src in re.findall(r'(?:src|href)="([^"s][^"]*)"', page))
    assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=", page)
    script = client.get("/api/docs?script=", HTTP_ACCEPT="*/*")
    assert script["Content-Type"].startswith("application/javascript")
    assert b"SwaggerUIBundle" in script.content


@pytest.mark.parametrize("path", ["/api/docs", "/api/v1/audit", "/no-such-page"])
def test_outside_of_the_admin_no_script_or_style_may_be_inline(client, path):
    policy = client.get(path)["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'self'" in policy


def test_the_admin_alone_may_evaluate_and_style_inline(client):
    policy = client.get("/admin/login/")["Content-Security-Policy"]
    parts = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert parts["script-src"].split() == ["'self'", "'unsafe-eval'"]
    assert parts["style-src"].split() == ["'self'", "'unsafe-inline'"]
