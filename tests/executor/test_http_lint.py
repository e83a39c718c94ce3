"""What wants a look in a definition that is right."""

from __future__ import annotations

import copy
import json

import pytest
from django.core.management import call_command

from executor.http.lint import method_warnings
from registry.spec import MethodSpec
from tests.executor.conftest import DOCUMENT

AB = {"type": "object", "properties": {"a": {}, "b": {}}}


def warnings(*, http, param_schema=AB, **members):
    method = MethodSpec(name="m", param_schema=param_schema, protocol=http, **members)
    return [(fault.code, fault.pointer) for fault in method_warnings(method)]


def unused(name):
    return ("UNUSED_PARAMETER", f"/param_schema/properties/{name}")


@pytest.mark.parametrize("http", [
    {"method": "POST", "path": "/x"},
    {"method": "GET", "path": "/x"},
    {"method": "GET", "path": "/x", "query": {"a": "{a}"}, "headers": {"X-B": "{b}"}},
])  # fmt: skip
def test_what_is_sent_somewhere_is_used(http):
    assert warnings(http=http) == []


def test_what_has_no_place_without_a_body_is_unused():
    http = {"method": "POST", "path": "/x", "body": "none", "query": {"a": "{a}"}}
    assert warnings(http=http) == [unused("b")]


@pytest.mark.parametrize(("transform", "found"), [
    ({"rules": [{"source": "a", "target": "x"}]}, [unused("b")]),
    ({"rules": [{"source": "a.items[0]", "target": "x", "when": "b"}]}, []),
    ({"rules": [{"source": "$", "target": "x"}]}, []),
    ({"expression": '{"x": a, "y": $sum(b.n)}'}, []),
    ({"expression": '{"x": ab}'}, [unused("a"), unused("b")]),
    ({"expression": "$"}, []),
    ({"expression": "$merge([$, {}])"}, []),
    ({"template": {"x": "${a}"}}, [unused("b")]),
])  # fmt: skip
def test_a_transform_uses_what_it_may_read(transform, found):
    assert warnings(http={"method": "POST", "path": "/x"}, request_transform=transform) == found


def test_a_parameter_of_the_path_should_be_required():
    http = {"method": "GET", "path": "/x/{a}"}
    assert warnings(http=http) == [("NOT_REQUIRED", "/param_schema/required")]
    assert warnings(http=http, param_schema=AB | {"required": ["a"]}) == []


def test_the_cursor_of_pages_is_used():
    http = {"method": "GET", "path": "/x"}
    pages = {"style": "page", "param": "a", "size_param": "b", "page_size": 10}
    transform = {"rules": [{"value": 1, "target": "x"}]}
    assert unused("a") in warnings(http=http, request_transform=transform)
    assert warnings(http=http, request_transform=transform, pagination=pages) == []


@pytest.mark.django_db
def test_whoever_stores_or_publishes_is_warned(api, client, alice, tmp_path, capsys):
    manager = api("manage")
    document = copy.deepcopy(DOCUMENT) | {"slug": "warned"}
    document["methods"] = {"ping": document["methods"]["ping"]}
    document["methods"]["odd"] = {
        "param_schema": AB,
        "http": {"method": "POST", "path": "/x/{a}", "body": "none"},
    }
    made = manager.post("/api/v1/definitions", document, format="json")
    assert made.status_code == 201, made.content
    pointers = [item["pointer"] for item in made.json()["warnings"]]
    assert pointers == [
        "/methods/odd/param_schema/required",
        "/methods/odd/param_schema/properties/b",
    ]
    url = f"/api/v1/definitions/warned@{document['version']}"
    put_back = manager.put(url, made.json(), format="json")
    assert put_back.status_code == 200, "what was answered can be put back"
    published = manager.post(f"{url}/publish").json()
    assert published["warnings"] == made.json()["warnings"]
    assert "warnings" not in manager.get(url).json()
    client.force_login(alice)
    page = client.get(f"/admin/registry/definition/{published['id']}/change/").content.decode()
    assert "Nothing sends" in page
    assert "have a look (2)" in page


@pytest.mark.django_db
def test_files_with_warnings_are_loaded_and_say_so(tmp_path, capsys):
    document = copy.deepcopy(DOCUMENT) | {"slug": "warned"}
    document["methods"]["odd"] = {
        "param_schema": AB | {"required": ["a"]},
        "http": {"method": "POST", "path": "/x/{a}", "body": "none"},
    }
    path = tmp_path / "warned.json"
    path.write_text(json.dumps(document))
    call_command("load_definitions", str(path))
    said = capsys.readouterr()
    assert "created" in said.out
    assert "warning /methods/odd/param_schema/properties/b: Nothing sends 'b'" in said.err
