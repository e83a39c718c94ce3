"""The `sftp` adapter: files of a server over SSH, one session a call."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from django.conf import settings

from executor.http import template
from executor.schema_members import members_of
from executor.sftp import operations, paths, reading
from executor.sftp.operations import Refused, Request
from executor.sftp.session import DEFAULT_PORT, opened
from integration_hub.egress.door import Spool
from integration_hub.lib.errors import Fault, ValidationFailed
from integration_hub.lib.pointers import join
from registry.adapter import Adapter, AdapterAnswer, AdapterCall, Exchanged, Sent, adapters
from registry.adapter_values import json_answer
from registry.spec import MethodSpec
from transformer.services import encode_body
from transformer.xsd import BODY_XSD

_REPEATABLE = frozenset({"list", "get", "stat", "put", "delete"})
_PATH = {"type": "string", "maxLength": paths.MAX_PATH}


@adapters.register("sftp")
class SftpAdapter(Adapter):
    type: ClassVar[str] = "sftp"
    title: ClassVar[str] = "SFTP"
    keeps_deadline: ClassVar[bool] = True
    supported_auth: ClassVar[frozenset[str]] = frozenset({"none", "basic", "ssh_key"})

    def config_schema(self) -> Mapping[str, Any]:
        return {
            "type": "object",
            "required": ["host"],
            "properties": {
                "host": {"type": "string", "minLength": 1, "maxLength": 253, "title": "Host"},
                "port": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": 65535,
                    "default": DEFAULT_PORT,
                },
                "host_key": {
                    "type": "string",
                    "maxLength": 16_384,
                    "pattern": "SHA256:|ssh-|ecdsa-",
                    "title": "Host key",
                    "description": "The server's key, one a line: SHA256:…, `ssh-ed25519 AAAA…` or "
                    "a line of known_hosts. Without it a call is refused and says which it saw.",
                },
                "root": {
                    "type": "string",
                    "pattern": "^/",
                    "maxLength": 1_024,
                    "default": "/",
                    "title": "Root",
                    "description": "The folder that no path leads out of.",
                },
            },
        }

    def method_schema(self) -> Mapping[str, Any]:
        return {
            "type": "object",
            "required": ["operation", "path"],
            "additionalProperties": False,
            "properties": {
                "operation": {"enum": ["list", "get", "put", "delete", "mkdir", "rename", "stat"]},
                "path": _PATH | {"description": "Below the root; {x} is parameter x."},
                "to": _PATH | {"description": "Of rename: the new path."},
                "overwrite": {
                    "type": "boolean",
                    "description": "Of put and rename: whether what is there is replaced; "
                    "true unless said.",
                },
                "body": {
                    "enum": ["text", "base64", "json", "form", "xml"],
                    "description": "Of put: how the parameters that no path uses, or the request "
                    "transform's output, are written; text unless said. Of text and base64 "
                    "there is one.",
                },
                "body_xsd": BODY_XSD,
                "pattern": {
                    "type": "string",
                    "maxLength": 255,
                    "description": "Of list: only names that fit, as *.csv.",
                },
                "max_entries": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": operations.MAX_ENTRIES,
                    "description": f"Of list; {operations.DEFAULT_ENTRIES} unless said.",
                },
                "content_type": {
                    "type": "string",
                    "maxLength": 255,
                    "description": "Of get: what the file is; guessed from its name unless said.",
                },
                "answer": {
                    "enum": ["document", "file"],
                    "description": "Of get: with file it goes to the file store, whatever it is.",
                },
            },
        }

    def check_method(self, method: MethodSpec) -> Iterable[Fault]:
        yield from _path_faults(method)
        yield from _member_faults(method)

    def needed_parameters(self, protocol: Mapping[str, Any]) -> frozenset[str]:
        return frozenset(
            name for part in ("path", "to") for name in template.names_in(protocol.get(part))
        )

    def is_idempotent(self, protocol: Mapping[str, Any]) -> bool:
        return protocol.get("operation") in _REPEATABLE and bool(protocol.get("overwrite", True))

    def preview(self, call: AdapterCall) -> Sent:
        return _sent(call, _request(call))

    def call(self, call: AdapterCall) -> AdapterAnswer:
        request = _request(call)
        exchange = Exchanged(_sent(call, request))
        try:
            return (
                _got(call, request, exchange)
                if request.operation == "get"
                else _run(call, request, exchange)
            )
        except Refused as refused:
            return json_answer(
                {"error": str(refused)},
                status=refused.status,
                said=refused.said,
                exchange=exchange,
            )


def _run(call: AdapterCall, request: Request, exchange: Exchanged) -> AdapterAnswer:
    with opened(call, max_bytes=settings.HUB_MAX_RESPONSE_BYTES) as client:
        found = operations.run(client, request)
    return json_answer(found, exchange=exchange)


def _got(call: AdapterCall, request: Request, exchange: Exchanged) -> AdapterAnswer:
    kind = reading.media_type(request.path, call.method.protocol.get("content_type", ""))
    spool = _spool(call, kind)
    limit = settings.HUB_MAX_RESPONSE_BYTES if spool is None else spool.max_bytes
    with opened(call, max_bytes=limit) as client:
        content = reading.read(client, request, limit=limit, spool=spool)
    return AdapterAnswer(None, content, kind, {}, exchange, spooled=spool is not None)


def _spool(call: AdapterCall, kind: str) -> Spool | None:
    wanted = call.spool is not None and call.spool.wants(200, {"content-type": kind})
    return call.spool if wanted else None


def _request(call: AdapterCall) -> Request:
    """Raises ValidationFailed, TransformFailed."""
    block = call.method.protocol
    content = _content(call) if block["operation"] == "put" else b""
    return Request(
        operation=block["operation"],
        root=str(call.config.get("root", "/")),
        path=paths.filled(block["path"], call.parameters),
        to=paths.filled(block.get("to", ""), call.parameters),
        overwrite=block.get("overwrite", True),
        content=content,
        pattern=block.get("pattern", ""),
        max_entries=block.get("max_entries", operations.DEFAULT_ENTRIES),
    )


def _content(call: AdapterCall) -> bytes:
    block = call.method.protocol
    kind = block.get("body", "text")
    used = frozenset(template.names_in(block["path"]))
    rest = {name: value for name, value in call.parameters.items() if name not in used}
    if kind == "base64":
        return _decoded(call.body if call.has_body else _only(rest))
    xsd = block.get("body_xsd")
    if call.has_body:
        return encode_body(kind, call.body, xsd=xsd)[0]
    return encode_body(kind, _only(rest) if kind == "text" else rest, xsd=xsd)[0]


def _only(rest: Mapping[str, Any]) -> Any:
    if len(rest) != 1:
        raise ValidationFailed(
            "A put takes one parameter beside those of its path, the content; "
            f"there are {len(rest)}."
        )
    [(name, value)] = rest.items()
    return template.as_text(value, name)


def _decoded(value: Any) -> bytes:
    try:
        return b64decode(value, validate=True)
    except (ValueError, TypeError):
        raise ValidationFailed("The content is not base64 text.") from None


def _sent(call: AdapterCall, request: Request) -> Sent:
    host, port = call.config["host"], call.config.get("port", DEFAULT_PORT)
    root = paths.below(request.root, request.path)
    details = {"to": request.to} if request.to else {}
    return Sent(
        request.operation.upper(),
        f"sftp://{host}:{port}{root}",
        details,
        request.content,
        "text/plain; charset=utf-8",
    )


def _path_faults(method: MethodSpec) -> Iterator[Fault]:
    members = members_of(method.param_schema)
    for part in ("path", "to"):
        text = method.protocol.get(part, "")
        pointer = f"/sftp/{part}"
        yield from paths.template_faults(pointer, text)
        for name in dict.fromkeys(template.names_in(text)):
            if name not in members.properties:
                detail = f"{{{name}}} has no property in param_schema; declare and require it."
                yield Fault(pointer, detail, "UNKNOWN_PARAMETER")
            elif members.type_of(name) & {"object", "array"}:
                yield Fault(pointer, f"{{{name}}} must be a plain value to stand in a path.")


_OF = {
    "to": {"rename"},
    "overwrite": {"put", "rename"},
    "body": {"put"},
    "body_xsd": {"put"},
    "pattern": {"list"},
    "max_entries": {"list"},
    "content_type": {"get"},
    "answer": {"get"},
}


def _member_faults(method: MethodSpec) -> Iterator[Fault]:
    block = method.protocol
    operation = block["operation"]
    for name, of in _OF.items():
        if name in block and operation not in of:
            detail = f"{name} belongs to {' and '.join(sorted(of))}, not to {operation}."
            yield Fault(join(("sftp", name)), detail, "NOT_SUPPORTED")
    if operation == "rename" and not block.get("to"):
        yield Fault("/sftp/to", "A rename needs the new path.", "REQUIRED")
    if operation != "list" and not block["path"].strip("/"):
        yield Fault("/sftp/path", "The root itself can only be listed.", "FORMAT")
    if operation != "put" and method.request_transform:
        yield Fault("/request_transform", "Only a put sends a body.", "BODY_NOT_ALLOWED")
