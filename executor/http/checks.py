"""What a method's `http` block can get wrong and its schema cannot see."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from executor.http.request import BODY_METHODS, body_kind
from executor.http.template import PLACE, names_in
from executor.schema_members import Members, members_of
from integration_hub.egress.outgoing import OWN_HEADERS, has_control, is_header_name
from integration_hub.lib.errors import Fault
from integration_hub.lib.near import near_names
from registry.spec import MethodSpec

_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ENCODED_DOT = re.compile(r"%2e", re.IGNORECASE)


def method_faults(method: MethodSpec) -> Iterator[Fault]:
    """Every fault; pointers start at the method."""
    block = method.protocol
    members = members_of(method.param_schema)
    yield from _path_faults(str(block["path"]))
    yield from _path_parameter_faults(method, members)
    for part in ("query", "headers"):
        for key, entry in block.get(part, {}).items():
            pointer = f"/http/{part}/{_escaped(key)}"
            yield from brace_faults(pointer, entry)
            yield from name_faults(pointer, entry, members, in_query=part == "query")
    yield from _header_faults(method)
    yield from _body_faults(method)


def _path_faults(path: str) -> Iterator[Fault]:
    pointer = "/http/path"
    literal = PLACE.sub("x", path)
    yield from brace_faults(pointer, path)
    if re.search(r"[?#\\\s\x00-\x1f\x7f]", literal):
        detail = "A path has no '?', '#', backslash or space; put a query under `query`."
        yield Fault(pointer, detail, "FORMAT")
    if _BAD_ESCAPE.search(literal):
        yield Fault(pointer, "'%' starts an escape of two hex digits; write '%25' for itself.")
    segments = [_ENCODED_DOT.sub(".", segment) for segment in literal.split("/")]
    if "." in segments or ".." in segments:
        yield Fault(pointer, "A path has no '.' or '..' segments.", "FORMAT")
    if "" in segments[1:-1]:
        yield Fault(pointer, "A path has no empty segments ('//').", "FORMAT")


def _path_parameter_faults(method: MethodSpec, members: Members) -> Iterator[Fault]:
    """A path without its parameter is another path: it must be declared.

    That every call needs it goes without saying; `fill_path` refuses one without.
    """
    for name in dict.fromkeys(names_in(str(method.protocol["path"]))):
        if name not in members.properties:
            detail = f"{{{name}}} has no property in param_schema; declare and require it."
            yield Fault("/http/path", detail, "UNKNOWN_PARAMETER")
        elif members.type_of(name) & {"object", "array"}:
            yield Fault("/http/path", f"{{{name}}} must be a plain value to stand in a path.")


def name_faults(pointer: str, entry: Any, members: Members, *, in_query: bool) -> Iterator[Fault]:
    """A schema that does not close itself takes other names; one close to its own is a slip."""
    lists = set() if in_query else {"array"}
    for name in dict.fromkeys(names_in(entry)):
        near = near_names(name, members.properties)
        if name not in members.properties and (members.closed or (members.listed and near)):
            meant = f" Did you mean {{{near[0]}}}?" if near else ""
            detail = f"{{{name}}} has no property in param_schema.{meant}"
            yield Fault(pointer, detail, "UNKNOWN_PARAMETER")
        elif members.type_of(name) & ({"object"} | lists):
            yield Fault(pointer, f"{{{name}}} must be a plain value to stand here.")


def brace_faults(pointer: str, entry: Any) -> Iterator[Fault]:
    for text in entry if isinstance(entry, list | tuple) else (entry,):
        if not isinstance(text, str):
            continue
        if "" in PLACE.findall(text) or {"{", "}"} & set(PLACE.sub("", text)):
            yield Fault(pointer, "Braces enclose the name of one parameter: {name}.", "FORMAT")


def _header_faults(method: MethodSpec) -> Iterator[Fault]:
    named = [
        (f"/http/headers/{_escaped(name)}", name, value)
        for name, value in method.protocol.get("headers", {}).items()
    ]
    if method.idempotency_header:
        named.append(("/idempotency_header", method.idempotency_header, ""))
    seen: set[str] = set()
    for pointer, name, value in named:
        lower = name.lower()
        if not is_header_name(name):
            yield Fault(pointer, "This is not a valid header name.", "FORMAT")
        elif lower in OWN_HEADERS:
            yield Fault(pointer, f"The hub itself sets {name}; leave it out.", "FORBIDDEN_HEADER")
        elif lower in seen:
            yield Fault(pointer, f"{name} is given twice (case does not count).", "DUPLICATE")
        if isinstance(value, str) and has_control(value):
            yield Fault(pointer, "A header has no line breaks or control characters.", "FORMAT")
        seen.add(lower)


def _body_faults(method: MethodSpec) -> Iterator[Fault]:
    block: Mapping[str, Any] = method.protocol
    verb = block["method"]
    if verb not in BODY_METHODS and block.get("body", "none") != "none":
        detail = f"{verb} has no body: what is left of the parameters becomes the query."
        yield Fault("/http/body", detail, "BODY_NOT_ALLOWED")
    if verb in BODY_METHODS and body_kind(block) == "none" and method.request_transform:
        detail = "A request_transform makes the body; say which kind, or remove the transform."
        yield Fault("/http/body", detail, "BODY_NEEDED")
    if block.get("answer") == "file" and (
        method.response_transform or method.pagination or "poll" in block
    ):
        detail = "A file is kept as it is: no pages, no transform, no job whose state is read."
        yield Fault("/http/answer", detail, "NOT_SUPPORTED")
    given = {name.lower() for name in block.get("headers", {})}
    if body_kind(block) == "multipart" and "content-type" in given:
        detail = "A multipart body sets its own Content-Type with the boundary; leave it out."
        yield Fault("/http/headers", detail, "FORBIDDEN_HEADER")


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
