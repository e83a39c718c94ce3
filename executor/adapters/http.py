"""The `http` adapter: REST-like systems, one request a call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from executor.followups import job_options
from executor.http.checks import method_faults
from executor.http.lint import method_warnings
from executor.http.request import build_request
from executor.http.sending import BASE_URL, answered, send
from executor.http.template import names_in
from integration_hub.egress.door import HttpRequest
from integration_hub.lib.errors import Fault
from registry.adapter import HTTP_AUTH, Adapter, AdapterAnswer, AdapterCall, adapters
from registry.spec import SAFE_HTTP_METHODS, MethodSpec
from transformer.xsd import BODY_XSD

_SCALAR = {"type": ["string", "number", "boolean"]}


@adapters.register("http")
class HttpAdapter(Adapter):
    type: ClassVar[str] = "http"
    title: ClassVar[str] = "HTTP / REST"
    keeps_deadline: ClassVar[bool] = True
    follows_addresses: ClassVar[bool] = True
    supported_auth: ClassVar[frozenset[str]] = HTTP_AUTH

    def config_schema(self) -> Mapping[str, Any]:
        return {
            "type": "object",
            "required": ["base_url"],
            "properties": {
                "base_url": BASE_URL
                | {"description": "Where the system is, http or https; paths are appended to it."}
            },
        }

    def method_schema(self) -> Mapping[str, Any]:
        return {
            "type": "object",
            "required": ["method", "path"],
            "additionalProperties": False,
            "properties": {
                "method": {"enum": ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]},
                "path": {
                    "type": "string",
                    "pattern": "^(/|$)",
                    "maxLength": 2048,
                    "description": "Appended to base_url; {x} is parameter x as one segment.",
                },
                "query": {
                    "type": "object",
                    "description": "{x} is parameter x; without it the entry is left out.",
                    "additionalProperties": {
                        "anyOf": [_SCALAR, {"type": "array", "items": _SCALAR}]
                    },
                },
                "headers": {
                    "type": "object",
                    "description": "{x} is parameter x; without it the header is left out.",
                    "additionalProperties": _SCALAR,
                },
                "body": {
                    "enum": ["json", "form", "multipart", "xml", "text", "none"],
                    "description": "Of POST, PUT and PATCH; json unless said. With none, what "
                    "is left of the parameters becomes the query.",
                },
                "body_xsd": BODY_XSD,
                job_options.BLOCK: job_options.SCHEMA,
                "answer": {
                    "enum": ["document", "file"],
                    "description": "With file every answer is streamed to the file store, "
                    "whatever its type; otherwise those that are no documents are.",
                },
            },
        }

    def check_method(self, method: MethodSpec) -> Iterable[Fault]:
        return method_faults(method)

    def method_warnings(self, method: MethodSpec) -> Iterable[Fault]:
        return method_warnings(method)

    def needed_parameters(self, protocol: Mapping[str, Any]) -> frozenset[str]:
        return frozenset(names_in(str(protocol["path"])))

    def is_idempotent(self, protocol: Mapping[str, Any]) -> bool:
        return protocol.get("method") in SAFE_HTTP_METHODS

    def preview(self, call: AdapterCall) -> HttpRequest:
        return build_request(call)

    def call(self, call: AdapterCall) -> AdapterAnswer:
        return answered(send(call, build_request(call)))
