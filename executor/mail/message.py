"""A message from a method's `smtp` block and the values of a call. Pure but for the clock."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from typing import Any

from executor.http import template
from integration_hub.egress.outgoing import has_control
from integration_hub.lib import clock, ids
from integration_hub.lib.errors import Fault, TransformFailed, ValidationFailed
from integration_hub.lib.pointers import join
from registry.adapter import AdapterCall

MAX_RECIPIENTS = 100
MAX_ATTACHMENTS = 50
BYTES, MAX_BYTES = 10 * 1024 * 1024, 50 * 1024 * 1024
_LONGEST_SUBJECT = 900

_WHOLE = re.compile(r"\{([^{}]+)\}")
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"
_DOMAIN = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(\.{_LABEL})*")
_NAMED = re.compile(r"(?P<name>[^<>]*)<(?P<spec>[^<>]*)>\s*")
_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,100}/[A-Za-z0-9!#$&^_.+-]{1,100}")
_POLICY = SMTP.clone(cte_type="7bit")


@dataclass(frozen=True, slots=True)
class Mail:
    """`recipients` are those of to, cc and bcc, each once; `content` has no bcc."""

    id: str
    sender: str
    recipients: tuple[str, ...]
    shown: Mapping[str, Any]
    content: bytes


def mail_of(call: AdapterCall) -> Mail:
    """Raises ValidationFailed naming the parameter, TransformFailed."""
    block, values = call.method.protocol, _values(call)
    made = EmailMessage(policy=_POLICY)
    sender = _one(block["from"], values, "from")
    made["From"] = sender
    everyone: list[Address] = []
    for member in ("to", "cc", "bcc"):
        found = list(_addresses(block.get(member, ()), values, member))
        everyone += found
        if found and member != "bcc":
            made[member.title()] = found
    if block.get("reply_to"):
        made["Reply-To"] = list(_addresses(block["reply_to"], values, "reply_to"))
    made["Subject"] = _line(block.get("subject", ""), values, "subject")
    made["Date"] = format_datetime(clock.now())
    made["Message-ID"] = f"<{call.idempotency_key or ids.new_id()}@{sender.domain}>"
    for name, value in template.fill_headers(block.get("headers", {}), values).items():
        made[name] = value
    attached = _fill(made, block, values)
    recipients = tuple(dict.fromkeys(address.addr_spec for address in everyone))
    _check_count(recipients)
    content = made.as_bytes()
    limit = int(block.get("max_bytes", BYTES))
    if len(content) > limit:
        raise ValidationFailed(
            f"The message has {len(content)} bytes, and {call.method.name} sends at most {limit}."
        )
    shown = {
        "from": str(sender),
        "recipients": list(recipients),
        "subject": str(made["Subject"]),
        "attachments": attached,
        "bytes": len(content),
    }
    return Mail(str(made["Message-ID"]), sender.addr_spec, recipients, shown, content)


def _values(call: AdapterCall) -> Mapping[str, Any]:
    """The transform's output where there is one, else the parameters."""
    if not call.has_body:
        return call.parameters
    if not isinstance(call.body, Mapping):
        raise TransformFailed(
            f"The request transform of {call.method.name} must make an object: its members fill "
            "the places of the message."
        )
    return call.body


def _fill(made: EmailMessage, block: Mapping[str, Any], values: Mapping[str, Any]) -> list[str]:
    """Text, HTML and attachments; the names of the latter."""
    text = _text(block.get("text"), values)
    html = _html(block.get("html"), values)
    made.set_content(text or "")
    if html is not None and text is not None:
        made.add_alternative(html, subtype="html")
    elif html is not None:
        made.set_content(html, subtype="html")
    names = []
    for content, kind, name in _attachments(block.get("attachments"), values):
        main, _, sub = kind.partition("/")
        made.add_attachment(content, maintype=main, subtype=sub, filename=name)
        names.append(name)
    return names


def _text(place: Any, values: Mapping[str, Any]) -> str | None:
    return None if place is None else template.fill_text(place, values)


def _html(place: Any, values: Mapping[str, Any]) -> str | None:
    """Values are text in it, unless one of them is all of it."""
    if place is None or _WHOLE.fullmatch(place):
        return _text(place, values)
    escaped = {
        name: escape(value) if isinstance(value, str) else value for name, value in values.items()
    }
    return template.fill_text(place, escaped)


def _line(place: Any, values: Mapping[str, Any], member: str) -> str:
    text = template.fill_text(place, values) or ""
    if has_control(text):
        raise _refused(place, member, "it may not contain line breaks or control characters.")
    if len(text) > _LONGEST_SUBJECT:
        raise _refused(place, member, f"it has more than {_LONGEST_SUBJECT} characters.")
    return text


def _one(place: str, values: Mapping[str, Any], member: str) -> Address:
    found = list(_addresses(place, values, member))
    if len(found) != 1:
        raise _refused(place, member, "it must be one address.")
    return found[0]


def _addresses(places: Any, values: Mapping[str, Any], member: str) -> Iterator[Address]:
    """One address for each place, or each element of a list; none for an absent parameter."""
    for place in (places,) if isinstance(places, str) else places:
        whole = _WHOLE.fullmatch(place)
        given = values.get(whole[1]) if whole else template.fill_text(place, values)
        for text in given if isinstance(given, list) else [] if given is None else [given]:
            try:
                yield address_of(text)
            except ValueError as fault:
                raise _refused(place, member, str(fault)) from None


def address_of(text: Any) -> Address:
    """`ada@acme.example` or `Ada <ada@acme.example>`: exactly one. Raises ValueError."""
    if not isinstance(text, str) or has_control(text) or len(text) > 500:
        raise ValueError("an address is one line of text.")
    named = _NAMED.fullmatch(text)
    name, spec = (named["name"].strip().strip('"'), named["spec"]) if named else ("", text)
    local, _, domain = spec.strip().rpartition("@")
    try:
        domain = domain.encode("idna").decode().lower()
    except UnicodeError:
        raise ValueError("the domain of an address is not one.") from None
    if not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain) or len(local) > 64:
        raise ValueError("it is not one address (ada@acme.example or Ada <ada@acme.example>).")
    return Address(display_name=name, username=local, domain=domain)


def _attachments(place: Any, values: Mapping[str, Any]) -> Iterator[tuple[bytes, str, str]]:
    given = values.get(place) if place else None
    if given is None:
        return
    if not isinstance(given, list) or len(given) > MAX_ATTACHMENTS:
        raise template.refused(place, f"it is a list of at most {MAX_ATTACHMENTS} attachments.")
    for index, item in enumerate(given):
        try:
            yield _attachment(item)
        except ValueError as fault:
            pointer = join(("parameters", place, str(index)))
            raise ValidationFailed(
                f"The attachment {index} of {place!r} cannot be sent: {fault}",
                errors=[Fault(pointer, str(fault), "FORMAT")],
            ) from None


def _attachment(item: Any) -> tuple[bytes, str, str]:
    """Content, type and name. Raises ValueError."""
    if not isinstance(item, Mapping) or not isinstance(item.get("content"), str):
        shape = '{"filename", "content" in base64, "content_type"?}'
        raise ValueError(f"an attachment is {shape}.")  # noqa: TRY004 - judged like the rest
    name, kind = item.get("filename"), item.get("content_type", "application/octet-stream")
    if not isinstance(name, str) or not name or has_control(name) or len(name) > 255:
        raise ValueError("its filename is one line of text.")
    if not isinstance(kind, str) or not _TYPE.fullmatch(kind):
        raise ValueError("its content_type is not one, such as application/pdf.")
    if kind.lower().startswith(("multipart/", "message/")):
        raise ValueError("its content_type is of a message, not of a file.")
    try:
        return b64decode(item["content"], validate=True), kind, name
    except (binascii.Error, ValueError):
        raise ValueError("its content is not base64.") from None


def _check_count(recipients: tuple[str, ...]) -> None:
    if not recipients:
        raise ValidationFailed("The message has no recipient: give one for to, cc or bcc.")
    if len(recipients) > MAX_RECIPIENTS:
        raise ValidationFailed(
            f"The message has {len(recipients)} recipients; one call sends to at most "
            f"{MAX_RECIPIENTS}."
        )


def _refused(place: Any, member: str, detail: str) -> ValidationFailed:
    name = next(template.names_in(place), "")
    return template.refused(name, detail) if name else ValidationFailed(f"{member}: {detail}")
