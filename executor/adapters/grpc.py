"""The `grpc` adapter: methods of a service that a server, or a descriptor set, describes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

import grpc

from executor.grpc import calling, descriptors, messages, reflection, statuses
from executor.grpc.channel import is_secure, opened, origin_of
from executor.grpc.descriptors import Services
from executor.grpc.reflection import Metadata
from executor.http import template
from executor.schema_members import members_of
from integration_hub.egress.door import HttpRequest
from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import Fault, InstanceNotReady, ValidationFailed
from integration_hub.lib.kept import Kept
from integration_hub.lib.pointers import join
from registry.adapter import Adapter, AdapterAnswer, AdapterCall, Exchanged, Sent, adapters
from registry.adapter_values import json_answer
from registry.spec import MethodSpec

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_KEY = re.compile(r"[0-9a-z_.-]{1,256}")
_PRINTABLE = re.compile(r"[ -~]*")
_KEPT_SECONDS = 300.0

_described: Kept[tuple[Any, ...], Services] = Kept(items=64, seconds=_KEPT_SECONDS)


@adapters.register("grpc")
class GrpcAdapter(Adapter):
    type: ClassVar[str] = "grpc"
    title: ClassVar[str] = "gRPC"
    keeps_deadline: ClassVar[bool] = True
    supported_auth: ClassVar[frozenset[str]] = frozenset(
        {"none", "basic", "bearer", "api_key", "oauth2", "jwt", "mtls"}
    )

    def config_schema(self) -> Mapping[str, Any]:
        return {
            "type": "object",
            "required": ["host", "port"],
            "properties": {
                "host": {"type": "string", "minLength": 1, "maxLength": 253, "title": "Host"},
                "port": {"type": "integer", "minimum": 1, "maximum": 65535, "title": "Port"},
                "tls": {"type": "boolean", "default": True, "title": "TLS"},
                "descriptor_set": {
                    "type": "string",
                    "maxLength": 2 * descriptors.MAX_BYTES,
                    "title": "Descriptor set",
                    "description": "A FileDescriptorSet in base64, for a server without "
                    "reflection.",
                },
            },
        }

    def method_schema(self) -> Mapping[str, Any]:
        return {
            "type": "object",
            "required": ["service", "method"],
            "additionalProperties": False,
            "properties": {
                "service": {
                    "type": "string",
                    "maxLength": 255,
                    "pattern": rf"^{_NAME}(\.{_NAME})*$",
                    "description": "With its package, as acme.crm.v1.Contacts.",
                },
                "method": {"type": "string", "maxLength": 255, "pattern": f"^{_NAME}$"},
                "metadata": {
                    "type": "object",
                    "description": "{x} is parameter x; without it the entry is left out.",
                    "additionalProperties": {"type": "string"},
                },
                "max_messages": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": calling.MAX_MESSAGES,
                    "description": "Of a stream of answers, taken before it is ended; "
                    f"{calling.DEFAULT_MESSAGES} unless said.",
                },
                "names": {
                    "enum": ["json", "proto"],
                    "description": "How the answer's fields are spelt: lowerCamelCase, or as in "
                    "the .proto file; json unless said. Parameters may be either.",
                },
            },
        }

    def check_method(self, method: MethodSpec) -> Iterable[Fault]:
        return _metadata_faults(method)

    def is_idempotent(self, protocol: Mapping[str, Any]) -> bool:
        return False

    def preview(self, call: AdapterCall) -> Sent:
        scheme = "grpcs" if is_secure(call) else "grpc"
        return Sent(
            "CALL",
            f"{scheme}://{origin_of(call).authority}{_path(call)}",
            _metadata(call),
            jsonsafe.dumps(_document(call)),
        )

    def call(self, call: AdapterCall) -> AdapterAnswer:
        sent = self.preview(call)
        try:
            with opened(call) as channel:
                answered = _call(channel, call, sent)
        except grpc.RpcError as error:
            return statuses.refusal(error, Exchanged(sent))
        return json_answer(
            answered.document, exchange=Exchanged(sent, wire_bytes=answered.wire_bytes)
        )


def _call(channel: grpc.Channel, call: AdapterCall, sent: Sent) -> calling.Answered:
    block = call.method.protocol
    metadata = _signed(call, sent)
    method = _services(channel, call, metadata).method(block["service"], block["method"])
    return calling.invoke(
        channel,
        method,
        messages.request_of(method, _document(call)),
        deadline=call.deadline,
        metadata=metadata,
        max_messages=block.get("max_messages", calling.DEFAULT_MESSAGES),
        proto_names=block.get("names") == "proto",
    )


def _services(channel: grpc.Channel, call: AdapterCall, metadata: Metadata) -> Services:
    """As the config describes them, or the server; what a server says is kept for a while."""
    if text := call.config.get("descriptor_set"):
        return descriptors.of_set(text)
    service = call.method.protocol["service"]
    key = (origin_of(call), is_secure(call), call.tls, service)
    found = _described.get(key)
    if found is None:
        found = reflection.services(channel, service, deadline=call.deadline, metadata=metadata)
        _described.put(key, found)
    return found


def _path(call: AdapterCall) -> str:
    return f"/{call.method.protocol['service']}/{call.method.protocol['method']}"


def _document(call: AdapterCall) -> Any:
    if call.has_body:
        return call.body
    values = call.method.protocol.get("metadata", {}).values()
    used = {name for value in values for name in template.names_in(value)}
    return {name: value for name, value in call.parameters.items() if name not in used}


def _metadata(call: AdapterCall) -> dict[str, str]:
    """Raises ValidationFailed."""
    found = template.fill_headers(call.method.protocol.get("metadata", {}), call.parameters)
    key = call.method.idempotency_header.lower()
    if key and call.idempotency_key:
        found[key] = call.idempotency_key
    return found


def _signed(call: AdapterCall, sent: Sent) -> Metadata:
    """The metadata with the credential, which goes where an HTTP header would be.

    Raises InstanceNotReady for a credential that wants another place.
    """
    url = f"https://{origin_of(call).authority}{_path(call)}"
    bare = HttpRequest("POST", url, dict(sent.details))
    signed = call.sign(bare).request
    if signed.url != url or signed.body is not None:
        raise InstanceNotReady("The credential of a gRPC call can only stand in a header.")
    found = [(name.lower(), value) for name, value in signed.headers.items()]
    for name, value in found:
        if not _PRINTABLE.fullmatch(value):
            raise ValidationFailed(f"The metadata {name} has other than printable ASCII.")
    return tuple(found)


def _metadata_faults(method: MethodSpec) -> Iterator[Fault]:
    members = members_of(method.param_schema)
    entries = dict(method.protocol.get("metadata", {}))
    for name, value in entries.items():
        pointer = join(("grpc", "metadata", name))
        yield from _key_faults(pointer, name)
        for parameter in dict.fromkeys(template.names_in(value)):
            if parameter not in members.properties and (members.closed or members.listed):
                detail = f"{{{parameter}}} has no property in param_schema."
                yield Fault(pointer, detail, "UNKNOWN_PARAMETER")
    if method.idempotency_header:
        yield from _key_faults("/idempotency_header", method.idempotency_header.lower())


def _key_faults(pointer: str, name: str) -> Iterator[Fault]:
    if not _KEY.fullmatch(name):
        detail = "A key of metadata is lower-case letters, digits, '-', '_' and '.'."
        yield Fault(pointer, detail, "FORMAT")
    elif name.startswith("grpc-"):
        yield Fault(pointer, "Keys that begin with grpc- are gRPC's own.", "FORBIDDEN_HEADER")
    elif name.endswith("-bin"):
        yield Fault(pointer, "Binary metadata (-bin) is not supported.", "NOT_SUPPORTED")
