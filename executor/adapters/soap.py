"""The `soap` adapter: operations of a WSDL, typed by it, sent as HTTP requests like any other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from executor.schema_members import members_of
from executor.soap import wsdl
from executor.soap.answers import answer_of
from executor.soap.envelope import Envelope, place_of
from integration_hub.egress import http, policy
from integration_hub.egress.door import HttpAnswer, HttpRequest, TlsOptions
from integration_hub.lib.errors import Fault
from registry.adapter import HTTP_AUTH, Adapter, AdapterAnswer, AdapterCall, adapters
from registry.spec import MethodSpec

_NAME = {"type": "string", "minLength": 1, "maxLength": 255}


@adapters.register("soap")
class SoapAdapter(Adapter):
    """It keeps no deadline by itself: compiling a large WSDL is work that nothing interrupts."""

    type: ClassVar[str] = "soap"
    title: ClassVar[str] = "SOAP"
    supported_auth: ClassVar[frozenset[str]] = HTTP_AUTH

    def config_schema(self) -> Mapping[str, Any]:
        return {
            "type": "object",
            "required": ["wsdl"],
            "properties": {
                "wsdl": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": wsdl.MAX_BYTES,
                    "pattern": r"^\s*([Hh][Tt][Tt][Pp][Ss]?://|<)",
                    "title": "WSDL",
                    "description": "Its URL, or its text.",
                },
                "base_url": {
                    "type": "string",
                    "format": "uri",
                    "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://",
                    "maxLength": 2048,
                    "title": "Address",
                    "description": "Where the service is; the WSDL's own address unless said.",
                },
                "ws_security": {
                    "enum": ["none", "text", "digest"],
                    "default": "none",
                    "title": "WS-Security",
                    "description": "text, digest: the credential goes as a UsernameToken into the "
                    "envelope, not into an HTTP header.",
                },
            },
        }

    def method_schema(self) -> Mapping[str, Any]:
        return {
            "type": "object",
            "required": ["operation"],
            "additionalProperties": False,
            "properties": {
                "operation": _NAME,
                "service": _NAME | {"description": "Of the WSDL; the first that fits unless said."},
                "port": _NAME | {"description": "Of the WSDL; the first that fits unless said."},
                "version": {
                    "enum": ["1.1", "1.2"],
                    "description": "Of SOAP; that of the first port that fits unless said.",
                },
                "soap_headers": {
                    "type": "array",
                    "items": _NAME,
                    "maxItems": 50,
                    "uniqueItems": True,
                    "description": "Parameters that go into the envelope's header.",
                },
            },
        }

    def check_method(self, method: MethodSpec) -> Iterable[Fault]:
        return _header_faults(method)

    def is_idempotent(self, protocol: Mapping[str, Any]) -> bool:
        return False

    def preview(self, call: AdapterCall) -> HttpRequest | None:
        document = wsdl.known(call)
        if document is None:
            return None
        return Envelope(place_of(document, call.method.protocol), call).request()

    def call(self, call: AdapterCall) -> AdapterAnswer:
        place = place_of(wsdl.document(call), call.method.protocol)
        envelope = Envelope(place, call)
        call.deadline.check(sent=False)
        kind = call.config.get("ws_security", "none")
        answer = _with_token(call, envelope, kind) if kind != "none" else _signed(call, envelope)
        return answer_of(place, answer)


def _signed(call: AdapterCall, envelope: Envelope) -> HttpAnswer:
    signed = call.sign(envelope.request())
    return http.send(
        signed.request,
        deadline=call.deadline,
        allowed_hosts=_allowed(call, envelope),
        redirects=call.redirects,
        resign=call.sign,
        answer_challenge=signed.answer_challenge,
        tls=_tls(call, envelope),
    )


def _with_token(call: AdapterCall, envelope: Envelope, kind: str) -> HttpAnswer:
    """The log gets the envelope as it was before: masking finds no password that XML escaped.

    A redirect is not followed: the token would go along in the body.
    """
    bare = envelope.request()
    answer = http.send(
        envelope.with_token(call.login(), kind),
        deadline=call.deadline,
        allowed_hosts=_allowed(call, envelope),
        tls=_tls(call, envelope),
    )
    return replace(answer, request=bare)


def _allowed(call: AdapterCall, envelope: Envelope) -> tuple[str, ...]:
    """A WSDL may name any address: without `allowed_hosts` only the host that the config names."""
    return call.allowed_hosts or (_home(call, envelope).host,)


def _tls(call: AdapterCall, envelope: Envelope) -> TlsOptions | None:
    same = policy.parse_url(envelope.address).origin == _home(call, envelope)
    return call.tls if same else None


def _home(call: AdapterCall, envelope: Envelope) -> policy.Origin:
    return wsdl.home(call) or policy.parse_url(envelope.address).origin


def _header_faults(method: MethodSpec) -> Iterator[Fault]:
    members = members_of(method.param_schema)
    for index, name in enumerate(method.protocol.get("soap_headers", ())):
        if name not in members.properties and (members.closed or members.listed):
            detail = f"{name} has no property in param_schema."
            yield Fault(f"/soap/soap_headers/{index}", detail, "UNKNOWN_PARAMETER")
