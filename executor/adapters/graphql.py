"""The `graphql` adapter: one operation of the definition a call, its variables the parameters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from executor.http import sending
from executor.http.graphql_document import BadDocument, Operation, operation_of
from executor.schema_members import members_of
from integration_hub.egress.door import HttpAnswer, HttpRequest
from integration_hub.lib.errors import Fault, ResponseInvalid, TransformFailed, ValidationFailed
from integration_hub.lib.near import near_names
from registry.adapter import HTTP_AUTH, Adapter, AdapterAnswer, AdapterCall, adapters
from registry.spec import MethodSpec

_ACCEPT = "application/graphql-response+json, application/json;q=0.9"
_STATUSES = {
    "UNAUTHENTICATED": 401,
    "UNAUTHORIZED": 401,
    "FORBIDDEN": 403,
    "NOT_FOUND": 404,
    "CONFLICT": 409,
    "BAD_USER_INPUT": 422,
    "GRAPHQL_PARSE_FAILED": 400,
    "GRAPHQL_VALIDATION_FAILED": 400,
    "BAD_REQUEST": 400,
    "RATE_LIMITED": 429,
    "THROTTLED": 429,
    "TOO_MANY_REQUESTS": 429,
    "INTERNAL_SERVER_ERROR": 500,
    "SERVICE_UNAVAILABLE": 503,
    "TIMEOUT": 504,
}
FAIL, DATA, BOTH = "fail", "data", "both"


@adapters.register("graphql")
class GraphQLAdapter(Adapter):
    type: ClassVar[str] = "graphql"
    title: ClassVar[str] = "GraphQL"
    keeps_deadline: ClassVar[bool] = True
    supported_auth: ClassVar[frozenset[str]] = HTTP_AUTH

    def config_schema(self) -> Mapping[str, Any]:
        base = sending.BASE_URL | {"description": "The endpoint, http or https."}
        return {"type": "object", "required": ["base_url"], "properties": {"base_url": base}}

    def method_schema(self) -> Mapping[str, Any]:
        return {
            "type": "object",
            "required": ["query"],
            "additionalProperties": False,
            "properties": {
                "query": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 100_000,
                    "description": "The document: a query or a mutation, and its fragments.",
                },
                "operation_name": {
                    "type": "string",
                    "maxLength": 200,
                    "description": "Which operation, where the document has several.",
                },
                "path": sending.PATH,
                "partial": {
                    "enum": [FAIL, DATA, BOTH],
                    "description": "What becomes of data that comes with errors: the call fails "
                    "(unless said), the data alone is the result, or `{data, errors}` always is.",
                },
                "errors": {
                    "type": "object",
                    "maxProperties": 200,
                    "propertyNames": {"maxLength": 200},
                    "additionalProperties": {"type": "integer", "minimum": 400, "maximum": 599},
                    "description": "The HTTP status that an `extensions.code` of the system means.",
                },
            },
        }

    def check_method(self, method: MethodSpec) -> Iterable[Fault]:
        try:
            operation = operation_of(method.protocol)
        except BadDocument as bad:
            yield bad.fault
            return
        if method.request_transform is None:
            yield from _variable_faults(operation, method)

    def needed_parameters(self, protocol: Mapping[str, Any]) -> frozenset[str]:
        try:
            return operation_of(protocol).needed
        except (BadDocument, KeyError):
            return frozenset()  # judged with the method: a draft may be without its query yet

    def is_idempotent(self, protocol: Mapping[str, Any]) -> bool:
        try:
            return operation_of(protocol).is_query
        except (BadDocument, KeyError):
            return False

    def preview(self, call: AdapterCall) -> HttpRequest:
        return _request(call)

    def call(self, call: AdapterCall) -> AdapterAnswer:
        answer = sending.send(call, _request(call))
        if answer.status >= 300:
            return sending.answered(answer)
        data, errors = _parts(answer)
        partial = call.method.protocol.get("partial", FAIL)
        if errors and (data is None or partial == FAIL):
            return _refused(call, answer, data, errors)
        if partial == BOTH:
            return sending.with_document(answer, {"data": data, "errors": errors})
        return sending.with_document(answer, data)


def _request(call: AdapterCall) -> HttpRequest:
    """Raises ValidationFailed, TransformFailed."""
    operation = operation_of(call.method.protocol)
    variables = sending.given(call)
    if not isinstance(variables, dict):
        raise TransformFailed("The request transform must make an object: the variables.")
    missing = sorted(name for name in operation.needed if variables.get(name) is None)
    if missing and not call.has_body:
        places = [f"/parameters/{name}" for name in missing]
        faults = [Fault(place, "The query needs it.", "REQUIRED") for place in places]
        raise ValidationFailed(f"The query needs {', '.join(missing)}.", errors=faults)
    # A variable that the operation does not declare is an error to strict servers.
    declared = {name: variables[name] for name in variables if name in operation.variables}
    document: dict[str, Any] = {"query": call.method.protocol["query"]}
    if declared:
        document["variables"] = declared
    if operation.name:
        document["operationName"] = operation.name
    return sending.post(call, document, accept=_ACCEPT)


def _parts(answer: HttpAnswer) -> tuple[Any, list[Any]]:
    """Data and errors. Raises ResponseInvalid."""
    document = sending.document_of(answer, "GraphQL response")
    if not isinstance(document, dict) or not ({"data", "errors"} & document.keys()):
        raise ResponseInvalid("The answer is no GraphQL response: it has neither data nor errors.")
    errors = document.get("errors") or []
    if not isinstance(errors, list):
        raise ResponseInvalid("The answer's `errors` is no list.")
    return document.get("data"), errors


def _refused(call: AdapterCall, answer: HttpAnswer, data: Any, errors: list[Any]) -> AdapterAnswer:
    told = {"errors": errors} if data is None else {"errors": errors, "data": data}
    status = _status(errors[0], call.method.protocol.get("errors", {}))
    count = "an error" if len(errors) == 1 else f"{len(errors)} errors"
    return sending.with_document(answer, told, status=status, said=f"answered {count}")


def _status(error: Any, own: Mapping[str, int]) -> int:
    """By its code; else one with a path was met on the way, and one without is of the request."""
    parts = error if isinstance(error, dict) else {}
    extensions = parts.get("extensions")
    code = str(extensions.get("code", "")) if isinstance(extensions, dict) else ""
    return own.get(code) or _STATUSES.get(code) or (500 if parts.get("path") else 400)


def _variable_faults(operation: Operation, method: MethodSpec) -> Iterator[Fault]:
    members = members_of(method.param_schema)
    if not (members.listed or members.closed):
        return
    for name in sorted(operation.variables - members.properties.keys()):
        near = near_names(name, members.properties)
        meant = f" Did you mean ${near[0]}?" if near else ""
        detail = f"${name} has no property in param_schema.{meant}"
        yield Fault("/graphql/query", detail, "UNKNOWN_PARAMETER")
    for name in sorted(members.properties.keys() - operation.variables):
        detail = f"The operation declares no variable ${name}, so it would not be sent."
        yield Fault(f"/param_schema/properties/{name}", detail, "UNUSED_PARAMETER")
