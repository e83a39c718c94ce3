"""The `jsonrpc` adapter: JSON-RPC 2.0 over HTTP, one request a call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar
from uuid import uuid4

from executor.http import json_rpc, sending
from executor.schema_members import members_of
from integration_hub.egress.door import HttpRequest
from integration_hub.lib.errors import Fault, TransformFailed
from registry.adapter import HTTP_AUTH, Adapter, AdapterAnswer, AdapterCall, adapters
from registry.spec import MethodSpec


@adapters.register("jsonrpc")
class JsonRpcAdapter(Adapter):
    type: ClassVar[str] = "jsonrpc"
    title: ClassVar[str] = "JSON-RPC 2.0"
    keeps_deadline: ClassVar[bool] = True
    supported_auth: ClassVar[frozenset[str]] = HTTP_AUTH

    def config_schema(self) -> Mapping[str, Any]:
        base = sending.BASE_URL | {"description": "Where requests are posted to, http or https."}
        return {"type": "object", "required": ["base_url"], "properties": {"base_url": base}}

    def method_schema(self) -> Mapping[str, Any]:
        return {
            "type": "object",
            "required": ["method"],
            "additionalProperties": False,
            "properties": {
                "method": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 200,
                    "pattern": r"^(?!rpc\.)",
                    "description": "The system's own name of it.",
                },
                "path": sending.PATH,
                "positional": {
                    "type": "array",
                    "maxItems": 50,
                    "uniqueItems": True,
                    "items": {"type": "string", "minLength": 1, "maxLength": 200},
                    "description": "The parameters in the order in which the system takes them; "
                    "without it they are sent by name.",
                },
                "errors": json_rpc.ERRORS,
            },
        }

    def check_method(self, method: MethodSpec) -> Iterable[Fault]:
        names = method.protocol.get("positional")
        if names is None:
            return
        if method.request_transform is not None:
            detail = "The request_transform makes the params: let it make the list."
            yield Fault("/jsonrpc/positional", detail, "NOT_SUPPORTED")
        yield from _position_faults(names, method)

    def is_idempotent(self, protocol: Mapping[str, Any]) -> bool:
        return False

    def preview(self, call: AdapterCall) -> HttpRequest:
        return _request(call, uuid4().hex)

    def call(self, call: AdapterCall) -> AdapterAnswer:
        number = uuid4().hex
        answer = sending.send(call, _request(call, number))
        if answer.status >= 300:
            return sending.answered(answer)
        document = sending.document_of(answer, "JSON-RPC response")
        try:
            errors = call.method.protocol.get("errors", {})
            return sending.with_document(answer, json_rpc.result_of(document, number, errors))
        except json_rpc.Refused as refused:
            return sending.with_document(
                answer, refused.error, status=refused.status, said=refused.said
            )


def _request(call: AdapterCall, number: str) -> HttpRequest:
    """Raises TransformFailed."""
    params = sending.given(call)
    names = call.method.protocol.get("positional")
    if names is not None and not call.has_body:
        params = _in_order(names, params)
    if params is not None and not isinstance(params, dict | list):
        raise TransformFailed("The request transform must make an object or a list: the params.")
    document = json_rpc.request(str(call.method.protocol["method"]), params or None, number)
    return sending.post(call, document, accept="application/json")


def _in_order(names: list[str], given: Mapping[str, Any]) -> list[Any]:
    """Those that are absent at the end are left out; one between others is null."""
    last = max((index for index, name in enumerate(names) if name in given), default=-1)
    return [given.get(name) for name in names[: last + 1]]


def _position_faults(names: list[str], method: MethodSpec) -> Iterator[Fault]:
    members = members_of(method.param_schema)
    if not (members.listed or members.closed):
        return
    for index, name in enumerate(names):
        if name not in members.properties:
            detail = f"{name!r} has no property in param_schema."
            yield Fault(f"/jsonrpc/positional/{index}", detail, "UNKNOWN_PARAMETER")
    for name in members.properties.keys() - set(names):
        detail = "It stands nowhere in `positional`, so it would not be sent."
        yield Fault(f"/param_schema/properties/{name}", detail, "UNUSED_PARAMETER")
