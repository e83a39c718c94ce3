"""One OpenAPI document: its operations, and each of them as a method."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from registry.import_budget import Budget
from registry.importer import JSONObject, LeftOut, Notes, Operation, Source
from registry.importers.openapi import guesses
from registry.importers.openapi.bodies import Bodies
from registry.importers.openapi.parameters import Parameters, Shape
from registry.importers.openapi.references import References
from registry.importers.openapi.responses import Answer, Responses
from registry.importers.openapi.schemas import Schemas
from registry.importers.openapi.security import auth_entries
from registry.importers.openapi.servers import config_members
from registry.importers.openapi.swagger import add_swagger_body

_VERBS = ("get", "head", "options", "post", "put", "patch", "delete", "trace")
_RISKS = {"GET": "read", "HEAD": "read", "OPTIONS": "read", "DELETE": "destructive"}
_LONGEST = 10_000


class OpenAPISource(Source):
    def __init__(self, document: Mapping[str, Any], budget: Budget, source_url: str = "") -> None:
        self.document = document
        self.source_url = source_url
        self.swagger = "swagger" in document
        self.references = References(document)
        modern = str(document.get("openapi", "")).startswith("3.1")
        schemas = Schemas(self.references, budget, modern=modern)
        self.parameters = Parameters(self.references, schemas, swagger=self.swagger)
        self.bodies = Bodies(self.references, schemas)
        self.responses = Responses(self.references, schemas, swagger=self.swagger)
        self._nodes: list[tuple[Mapping[str, Any], Mapping[str, Any]]] = []
        self.operations = tuple(self._operations())

    def _operations(self) -> Iterator[Operation]:
        for path, node in self.document["paths"].items():
            try:
                item = self.references.solid(node)
            except LeftOut:
                item = {"get": {"operationId": None, "x-unreadable": True}}
            for verb in _VERBS:
                found = item.get(verb)
                if isinstance(found, Mapping):
                    self._nodes.append((item, found))
                    yield _operation(str(path), verb, found, len(self._nodes) - 1)

    def head(self, notes: Notes) -> JSONObject:
        info = self.document.get("info")
        info = info if isinstance(info, Mapping) else {}
        members: JSONObject = {"name": str(info.get("title") or "Imported")[:120]}
        if info.get("description"):
            members["description"] = str(info["description"])[:_LONGEST]
        docs = self.document.get("externalDocs")
        url = docs.get("url") if isinstance(docs, Mapping) else None
        if isinstance(url, str) and url.startswith(("http://", "https://")):
            members["docs_url"] = url[:2_000]
        members |= config_members(self.document, self.source_url, notes)
        auth = auth_entries(self.references, self._schemes(), open_too=self._open(), notes=notes)
        if self.document.get("webhooks") or self.document.get("x-webhooks"):
            notes.say("Webhooks are described: they are not imported.")
        return members | ({"auth": auth} if auth else {})

    def method(self, operation: Operation, notes: Notes) -> JSONObject:
        item, node = self._nodes[operation.index]
        if item.get("servers") or node.get("servers"):
            notes.say("It has servers of its own: calls go to the instance's base_url.")
        if node.get("callbacks"):
            notes.say("Its callbacks are left away.")
        shape = self._shape(operation, item, node, notes)
        answer = self.responses.answer(node, self._said(node, "produces"), notes)
        query = [name for name, member in shape.properties.items() if name and member is not None]
        guesses.guess(query, answer.schema, answer.headers, notes)
        return _method(operation, node, shape, answer)

    def _shape(
        self,
        operation: Operation,
        item: Mapping[str, Any],
        node: Mapping[str, Any],
        notes: Notes,
    ) -> Shape:
        if operation.verb == "TRACE" or node.get("x-unreadable"):
            raise LeftOut("It cannot be called: TRACE, or a reference out of the document.")
        if not operation.path.startswith("/"):
            raise LeftOut("Its path does not begin with '/'.")
        shape = Shape(path=operation.path)
        found = self.parameters.collect(item.get("parameters"), node.get("parameters"))
        if self.swagger:
            consumes = self._said(node, "consumes")
            add_swagger_body(self.bodies, shape, operation.verb, found, consumes, notes)
        else:
            self.bodies.add(shape, operation.verb, node.get("requestBody"), notes)
        self.parameters.add(shape, found, notes)
        return shape

    def _said(self, node: Mapping[str, Any], member: str) -> Any:
        return node.get(member, self.document.get(member))

    def _schemes(self) -> Any:
        if self.swagger:
            return self.document.get("securityDefinitions")
        components = self.document.get("components")
        return components.get("securitySchemes") if isinstance(components, Mapping) else None

    def _open(self) -> bool:
        """Whether the description says that a call may go without a credential."""
        said = self.document.get("security")
        return isinstance(said, list) and {} in said


def _operation(path: str, verb: str, node: Mapping[str, Any], index: int) -> Operation:
    given = node.get("operationId")
    tags = node.get("tags")
    return Operation(
        id=str(given)[:500] if given else f"{verb.upper()} {path[:500]}",
        verb=verb.upper(),
        path=path,
        summary=str(node.get("summary") or node.get("description") or "")[:200],
        tags=tuple(str(tag)[:200] for tag in tags) if isinstance(tags, list) else (),
        index=index,
    )


def _method(
    operation: Operation, node: Mapping[str, Any], shape: Shape, answer: Answer
) -> JSONObject:
    http: JSONObject = {"method": operation.verb, "path": shape.path}
    http |= {"query": shape.query} if shape.query else {}
    http |= {"headers": shape.headers} if shape.headers else {}
    http |= {"body": shape.body} if shape.body else {}
    http |= {"answer": "file"} if answer.file else {}
    method: JSONObject = {
        "description": _description(node),
        "risk": _RISKS.get(operation.verb, "write"),
        "param_schema": shape.param_schema(),
        "http": http,
    }
    if answer.schema is not None:
        method["result_schema"] = answer.schema
    if shape.idempotency_header:
        method["idempotency_header"] = shape.idempotency_header
    if shape.transform is not None:
        method["request_transform"] = shape.transform
    if isinstance(shape.example, Mapping):
        example: JSONObject = {"parameters": dict(shape.example)}
        if answer.example is not None:
            example["result"] = answer.example
        method["examples"] = [example]
    return method


def _description(node: Mapping[str, Any]) -> str:
    summary = str(node.get("summary") or "").strip()
    text = str(node.get("description") or "").strip()
    joined = summary if text.startswith(summary) and not text else f"{summary}\n\n{text}".strip()
    mark = "Deprecated. " if node.get("deprecated") is True else ""
    return (mark + joined)[:_LONGEST]
