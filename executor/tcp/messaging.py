"""What a method that publishes makes of a call: where it goes, what stands beside it, its body."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from executor.http import template
from executor.http.checks import brace_faults, name_faults
from executor.http.request import only_text
from executor.schema_members import members_of
from integration_hub.lib.errors import Fault, ValidationFailed
from integration_hub.lib.pointers import join
from registry.adapter import AdapterCall
from registry.spec import MethodSpec
from transformer.services import encode_body

BYTES, MAX_BYTES = 1024 * 1024, 16 * 1024 * 1024
MAX_HEADERS = 100

BODY_SCHEMA: dict[str, Any] = {
    "enum": ["json", "xml", "text"],
    "description": "What the body is written as; json unless said.",
}
HEADERS_SCHEMA: dict[str, Any] = {
    "type": "object",
    "maxProperties": MAX_HEADERS,
    "description": "{x} is parameter x; without it the entry is left out.",
    "additionalProperties": {"type": ["string", "number", "boolean"]},
}
MAX_BYTES_SCHEMA: dict[str, Any] = {
    "type": "integer",
    "minimum": 1,
    "maximum": MAX_BYTES,
    "description": f"Of the body, {BYTES} unless said; a larger one is not sent.",
}


@dataclass(frozen=True, slots=True)
class Message:
    """`id` is the same for every attempt of one execution. `headers` hold it too, under the
    name that the method's `idempotency_header` gives."""

    id: str
    body: bytes
    content_type: str
    headers: Mapping[str, str]


def message_of(call: AdapterCall, *, addressed: Iterable[str], headers: str) -> Message:
    """The message of a call. `addressed` are the members of the block that say where it goes,
    `headers` the one with what stands beside the body; the parameters that none of them uses
    are the body, unless a transform makes it. Raises ValidationFailed, TransformFailed."""
    block = call.method.protocol
    beside = block.get(headers, {})
    used = names_of(block, addressed) | names_of(beside, beside)
    unused = {name: value for name, value in call.parameters.items() if name not in used}
    body, content_type = _body(call, str(block.get("body", "json")), unused)
    limit = int(block.get("max_bytes", BYTES))
    if len(body) > limit:
        raise ValidationFailed(
            f"The message has {len(body)} bytes, and {call.method.name} sends at most {limit}: "
            "send less, or raise max_bytes in the definition."
        )
    filled = template.fill_headers(beside, call.parameters)
    if call.method.idempotency_header:
        filled[call.method.idempotency_header] = call.idempotency_key
    return Message(call.idempotency_key, body, content_type, filled)


def address(call: AdapterCall, member: str, *, most: int, empty: bool = False) -> str:
    """The text of a member of the block that says where a message goes; `most` in bytes.

    Raises ValidationFailed for a parameter that is absent, or makes it empty or too long.
    """
    text = str(call.method.protocol.get(member, ""))
    for name in template.names_in(text):
        if call.parameters.get(name) is None:
            raise template.refused(name, f"it is needed in {member}.", "REQUIRED")
        if "\0" in template.as_text(call.parameters[name], name):
            raise template.refused(name, "it holds a NUL character.")
    filled = template.fill_text(text, call.parameters) or ""
    if not filled and not empty:
        raise ValidationFailed(f"{member} would be empty with these parameters.")
    if len(filled.encode()) > most:
        raise ValidationFailed(f"{member} would be longer than {most} bytes.")
    return filled


def names_of(block: Mapping[str, Any], members: Iterable[str]) -> frozenset[str]:
    """The parameters that these members of a block name."""
    return frozenset(name for member in members for name in template.names_in(block.get(member)))


def faults(
    method: MethodSpec, kind: str, *, addressed: Iterable[str], headers: str
) -> Iterator[Fault]:
    """What is wrong with the places of parameters; pointers start at the method."""
    members = members_of(method.param_schema)
    block = method.protocol
    entries: list[tuple[tuple[str, ...], Any]]
    entries = [((kind, member), block[member]) for member in addressed if member in block]
    entries += [((kind, headers, name), entry) for name, entry in block.get(headers, {}).items()]
    for path, entry in entries:
        pointer = join(path)
        yield from brace_faults(pointer, entry)
        yield from name_faults(pointer, entry, members, in_query=False)
    if method.idempotency_header in block.get(headers, {}):
        detail = "The hub itself writes the idempotency key there; leave it out."
        yield Fault(join((kind, headers, method.idempotency_header)), detail, "DUPLICATE")


def _body(call: AdapterCall, kind: str, unused: Mapping[str, Any]) -> tuple[bytes, str]:
    xsd = call.method.protocol.get("body_xsd")
    if call.has_body:
        return encode_body(kind, call.body, xsd=xsd)
    return encode_body(kind, only_text(unused) if kind == "text" else dict(unused), xsd=xsd)
