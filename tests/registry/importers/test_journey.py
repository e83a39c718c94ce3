"""From a description to calls: imported, published, connected, and every method called."""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from integration_hub.lib.schema import compile_schema

pytestmark = pytest.mark.django_db(transaction=True)
PARAMETERS = {
    "list_pets": {"limit": 2, "tag": ["a", "b c"]},
    "create_pet": {"name": "Rex", "age": 3},
    "get_pet": {"id": 7},
    "delete_pets_id": {"id": 7},
    "replace_tags": {"id": 7, "body": ["x", "y"]},
}
ANSWERS = {"listPets": [{"name": "Rex"}]}


class Described:
    """A server made from a description: it answers what is described and refuses the rest."""

    def __init__(self, document: dict) -> None:
        self.document = document
        self.seen: dict[str, dict] = {}
        described = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                status, value = described.judge(self)
                content = b"" if status == 204 else json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                if status != 204:
                    self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815

            def log_message(self, *args) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)

    def judge(self, request: BaseHTTPRequestHandler) -> tuple[int, object]:
        parts = urlsplit(request.path)
        length = int(request.headers.get("Content-Length") or 0)
        body = json.loads(request.rfile.read(length)) if length else None
        if parts.path == "/v1/openapi.json":
            return 200, self.document
        for path, item in self.document["paths"].items():
            pattern = re.sub(r"\{\w+\}", r"[^/]+", path)
            operation = item.get(request.command.lower())
            if operation and re.fullmatch("/v1" + pattern, parts.path):
                return self._described(operation, parse_qs(parts.query), body, request)
        return 404, {}

    def _described(self, operation, query, body, request) -> tuple[int, object]:
        if request.headers.get("X-Key") != "secret-key-7":
            return 401, {}
        known = {entry["name"] for entry in operation.get("parameters", ())}
        said = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        schema = {**said.get("schema", {}), "components": self.document["components"]}
        wrong = bool(said) != (body is not None) or not compile_schema(schema).is_valid(body)
        if set(query) - known or (said and wrong):
            return 422, {}
        self.seen[operation["operationId"]] = {"query": query, "body": body}
        status = int(next(iter(operation["responses"])))
        return status, ANSWERS.get(operation["operationId"], {})


@pytest.fixture
def described(pets):
    pets["paths"]["/pets/{id}"]["delete"]["operationId"] = "delete-pets-id"
    pets["components"]["schemas"]["Pet"]["properties"].pop("age")
    tags = {"type": "array", "items": {"type": "string"}}
    pets["paths"]["/pets/{id}"]["put"] = {
        "operationId": "replaceTags",
        "requestBody": {"required": True, "content": {"application/json": {"schema": tags}}},
        "responses": {"200": {"description": "Done"}},
    }
    pets["servers"] = [{"url": "/v1"}]
    server = Described(pets)
    server.thread.start()
    yield server
    server.server.shutdown()
    server.server.server_close()
    server.thread.join(5)


def test_every_imported_method_can_be_called_at_the_described_system(api, described):
    client = api("manage", "credentials", "execute")

    def post(address, body=None, expected=200):
        answer = client.post(f"/api/v1/{address}", body or {}, format="json")
        assert answer.status_code == expected, answer.content
        return answer.json()

    source = {"slug": "acme-pets", "url": f"{described.url}/openapi.json"}
    made = post("definitions/import/openapi", source, 201)
    assert made["report"]["left_out"] == []
    assert made["definition"]["default_config"] == {"base_url": described.url}
    post("definitions/acme-pets@2.1.0/publish")
    post("instances", {"definition": "acme-pets", "slug": "pets", "name": "Pets"}, 201)
    secret = {"type": "api_key", "data": {"key": "secret-key-7"}}
    stored = client.put("/api/v1/instances/pets/credentials", secret, format="json")
    assert stored.status_code in (200, 201), stored.content

    assert set(made["definition"]["methods"]) == set(PARAMETERS)
    for name, parameters in PARAMETERS.items():
        done = post(f"instances/pets/methods/{name}/execute", {"parameters": parameters})
        assert done["status"] == "completed", name
    assert described.seen["listPets"]["query"] == {"limit": ["2"], "tag": ["a", "b c"]}
    assert described.seen["createPet"]["body"] == {"name": "Rex", "age": 3}
    assert described.seen["replaceTags"]["body"] == ["x", "y"]
    assert len(described.seen) == len(PARAMETERS)
