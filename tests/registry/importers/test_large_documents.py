"""Large descriptions and a collection: imported whole, methods called at what they describe."""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from integration_hub.lib.schema import compile_schema
from registry.import_source import read_source
from tests.registry.importers.test_hostile import SHARED
from tests.registry.importers.test_postman import COLLECTION

pytestmark = pytest.mark.django_db(transaction=True)
TRIED = 12
TEXTS = {"uri": "https://a.example", "date-time": "2026-01-01T00:00:00Z", "email": "a@b.example"}
VERBS = ("get", "post", "put", "patch", "delete")


def sample(schema: Any) -> Any:
    """A small value that a plain schema accepts; the caller judges."""
    if not isinstance(schema, dict):
        return {}
    for word in ("example", "default", "const"):
        if word in schema:
            return schema[word]
    if schema.get("enum"):
        return schema["enum"][0]
    for word in ("anyOf", "oneOf"):
        if schema.get(word):
            return sample(schema[word][0])
    kind = schema.get("type", "object" if "properties" in schema else "string")
    return of_kind(kind[0] if isinstance(kind, list) else kind, schema)


def of_kind(kind: str, schema: dict[str, Any]) -> Any:
    if kind == "object":
        members = schema.get("properties", {})
        return {name: sample(members.get(name, {})) for name in schema.get("required", ())}
    if kind == "array":
        return [sample(schema.get("items", {}))] * schema.get("minItems", 0)
    text = TEXTS.get(schema.get("format", ""), "x" * max(1, schema.get("minLength", 1)))
    number = schema.get("minimum", 1)
    plain = {"boolean": True, "null": None, "integer": number, "number": number}
    return plain.get(kind, text)


class System:
    """Made from a description: it knows its operations, wants what they require, and counts."""

    def __init__(self, document: dict[str, Any]) -> None:
        found = [
            (
                verb.upper(),
                re.compile(re.sub(r"\{[^{}]+\}", "[^/]+", path)),
                {"operationId": f"{verb.upper()} {path}"} | node,
                item,
            )
            for path, item in document["paths"].items()
            for verb, node in item.items()
            if verb in VERBS
        ]
        # As in OpenAPI, a path without places goes before one with them.
        self.operations = sorted(found, key=lambda one: "[^/]" in one[1].pattern)
        self.answers: dict[str, Any] = {}
        self.called: set[str] = set()
        system = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                status, value = system.judge(self)
                content = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815

            def log_message(self, *args: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def judge(self, request: BaseHTTPRequestHandler) -> tuple[int, Any]:
        parts = urlsplit(request.path)
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        given = {name.lower() for name in request.headers}
        places = {"query": set(parse_qs(parts.query, keep_blank_values=True)), "header": given}
        # As in OpenAPI, a path without places goes before one with them.
        for verb, path, node, item in sorted(
            self.operations, key=lambda one: "[^/]" in one[1].pattern
        ):
            if verb != request.command or not path.fullmatch(parts.path):
                continue
            for entry in (*item.get("parameters", ()), *node.get("parameters", ())):
                name = str(entry.get("name"))
                wanted = name.lower() if entry.get("in") == "header" else name
                known = places.get(str(entry.get("in")))
                if entry.get("required") and known is not None and wanted not in known:
                    return 422, {"missing": name}
            if node.get("requestBody", {}).get("required") and not body:
                return 422, {"missing": "body"}
            self.called.add(str(node["operationId"]))
            return 200, self.answers.get(str(node["operationId"]), {})
        return 404, {}


def generated() -> dict[str, Any]:
    """240 operations over a hundred schemas in a chain without an end."""
    schemas: dict[str, Any] = {
        f"Thing{at}": {
            "type": "object",
            "required": ["id", "name"],
            "properties": {
                "id": {"type": "integer", "minimum": 1},
                "name": {"type": "string", "minLength": 2, "description": "Words. " * 40},
                "kind": {"enum": ["a", "b"]},
                "next": {"$ref": f"#/components/schemas/Thing{(at + 1) % 100}"},
                "many": {"type": "array", "items": {"type": "string"}},
            },
        }
        for at in range(100)
    }
    place = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    paths: dict[str, Any] = {}
    for at in range(60):
        ref = {"application/json": {"schema": {"$ref": f"#/components/schemas/Thing{at % 100}"}}}
        answer = {"200": {"description": "It", "content": ref}}
        page = {"name": "page", "in": "query", "required": True, "schema": {"type": "integer"}}
        made = {"requestBody": {"required": True, "content": ref}, "responses": answer}
        paths[f"/things{at}"] = {
            "get": {"operationId": f"listThings{at}", "parameters": [page], "responses": {}},
            "post": {"operationId": f"createThing{at}", **made},
        }
        paths[f"/things{at}/{{id}}"] = {
            "parameters": [place],
            "get": {"operationId": f"getThing{at}", "responses": answer},
            "patch": {"operationId": f"changeThing{at}", **made},
        }
    info = {"title": "Generated", "version": "1.0.0"}
    return {"openapi": "3.0.3", "info": info, "paths": paths, "components": {"schemas": schemas}}


def real(name: str) -> dict[str, Any]:
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"the real description {name} is not beside this tree")
    found = read_source(document=path.read_bytes())
    for word in ("security", "securityDefinitions"):  # who one is, is tried elsewhere
        found.pop(word, None)
    found.get("components", {}).pop("securitySchemes", None)
    return found


@pytest.mark.parametrize(("name", "least"), [
    ("generated", 240), ("slack-web-api.swagger-2.0.json", 170), ("svix.openapi-3.0.json", 40),
])  # fmt: skip
def test_a_large_description_is_imported_and_its_methods_work(api, name, least):
    document = generated() if name == "generated" else real(name)
    system = System(document)
    client = api("manage", "execute")

    def post(address: str, body: Any, expected: int) -> Any:
        answer = client.post(f"/api/v1/{address}", body, format="json")
        assert answer.status_code == expected, (address, body, answer.json())
        return answer.json()

    made = post("definitions/import/openapi", {"slug": "large", "document": document}, 201)
    report, methods = made["report"], made["definition"]["methods"]
    assert report["imported"] == len(methods) >= least
    assert not report["left_out"]
    version = made["definition"]["version"]
    post(f"definitions/large@{version}/publish", {}, 200)
    config = {"base_url": system.url}
    post("instances", {"definition": f"large@{version}", "slug": "large", "config": config}, 201)
    tried = []
    for pair in report["operations"][:: max(1, len(methods) // (TRIED * 2))]:
        method = methods[pair["method"]]
        if method["http"]["method"].lower() not in VERBS:
            continue
        parameters, result = sample(method["param_schema"]), sample(method.get("result_schema", {}))
        fits = compile_schema(method["param_schema"]).is_valid(parameters)
        if not fits or not compile_schema(method.get("result_schema", True)).is_valid(result):
            continue  # this test could not think of a value
        system.answers[pair["operation"]] = result
        done = post(
            f"instances/large/methods/{pair['method']}/execute", {"parameters": parameters}, 200
        )
        assert done["data"] == result
        tried.append(pair["operation"])
    assert len(tried) >= TRIED
    assert system.called == set(tried)
    system.server.shutdown()
    system.server.server_close()


def test_requests_of_a_collection_work(api, upstream):
    collection = {
        "info": COLLECTION["info"],
        "variable": [{"key": "base", "value": upstream.url}],
        "item": [
            {
                "name": "Say",
                "request": {
                    "method": "POST",
                    "url": "{{base}}/echo",
                    "body": {"mode": "raw", "raw": '{"name": "a", "age": 3}'},
                },
            },
            {"name": "Status", "request": {"method": "GET", "url": "{{base}}/status/:code"}},
        ],
    }
    client = api("manage", "execute")
    body = {"slug": "said", "document": collection}
    made = client.post("/api/v1/definitions/import/postman", body, format="json")
    assert made.status_code == 201, made.content
    assert client.post("/api/v1/definitions/said@1.0.0/publish").status_code == 200
    body = {"definition": "said@1.0.0", "slug": "said"}
    assert client.post("/api/v1/instances", body, format="json").status_code == 201

    def call(method, parameters):
        url = f"/api/v1/instances/said/methods/{method}/execute"
        return client.post(url, {"parameters": parameters}, format="json").json()

    assert call("say", {"name": "Ann"})["data"]["json"] == {"name": "Ann"}
    assert call("status", {"code": 200})["status"] == "completed"
    assert call("status", {"code": 404})["upstream"]["status"] == 404
