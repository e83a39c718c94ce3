"""What a method's `smtp` block can get wrong and its schema cannot see."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from executor.http.checks import brace_faults, name_faults
from executor.http.template import PLACE
from executor.mail.message import address_of
from executor.schema_members import Members, members_of
from integration_hub.egress.outgoing import is_header_name
from integration_hub.lib.errors import Fault
from integration_hub.lib.pointers import join
from registry.spec import MethodSpec

ADDRESSES = ("from", "to", "cc", "bcc", "reply_to")
_TEXTS = ("subject", "text", "html")
_OWN = frozenset(
    {
        "bcc", "cc", "date", "dkim-signature", "from", "message-id", "mime-version", "received",
        "reply-to", "return-path", "sender", "subject", "to",
    }
)  # fmt: skip


def method_faults(method: MethodSpec) -> Iterator[Fault]:
    """Every fault; pointers start at the method."""
    block = method.protocol
    members = Members() if method.request_transform else members_of(method.param_schema)
    for member in ADDRESSES:
        yield from _address_faults(member, block.get(member, ()), members)
    for member in _TEXTS:
        yield from _text_faults((member,), block.get(member, ""), members)
    yield from _header_faults(method, members)
    attached = block.get("attachments")
    if attached and attached not in members.properties and (members.listed or members.closed):
        detail = f"{attached} has no property in param_schema."
        yield Fault("/smtp/attachments", detail, "UNKNOWN_PARAMETER")
    if method.idempotency_header:
        detail = (
            "A mail server takes no idempotency key; the Message-ID is the same for every attempt."
        )
        yield Fault("/idempotency_header", detail, "NOT_SUPPORTED")


def _address_faults(member: str, places: Any, members: Members) -> Iterator[Fault]:
    for index, place in enumerate((places,) if isinstance(places, str) else places):
        path = (member,) if isinstance(places, str) else (member, str(index))
        yield from _text_faults(path, place, members, lists=member != "from")
        if PLACE.search(place):
            continue
        try:
            address_of(place)
        except ValueError as fault:
            yield Fault(join(("smtp", *path)), f"This cannot stand here: {fault}", "FORMAT")


def _text_faults(
    path: tuple[str, ...], text: str, members: Members, *, lists: bool = False
) -> Iterator[Fault]:
    pointer = join(("smtp", *path))
    yield from brace_faults(pointer, text)
    yield from name_faults(pointer, text, members, in_query=lists)


def _header_faults(method: MethodSpec, members: Members) -> Iterator[Fault]:
    for name, text in method.protocol.get("headers", {}).items():
        pointer = join(("smtp", "headers", name))
        lower = name.lower()
        if not is_header_name(name):
            yield Fault(pointer, "This is not a valid header name.", "FORMAT")
        elif lower in _OWN or lower.startswith(("content-", "resent-")):
            yield Fault(pointer, f"The hub itself writes {name}; leave it out.", "FORBIDDEN_HEADER")
        yield from brace_faults(pointer, text)
        yield from name_faults(pointer, text, members, in_query=False)
