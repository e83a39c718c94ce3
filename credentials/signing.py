"""What schemes share: putting a value on a request, and judging whether it can be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote, unquote_plus

from integration_hub.egress.door import HttpRequest
from integration_hub.lib.errors import Fault

HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,200}")
_VISIBLE = re.compile(r"[\x20-\x7e]*")
_COOKIE_VALUE = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*")  # RFC 6265
MAX_HEADER_VALUE = 8_192

# What the connection itself is made of; no credential may stand there.
FORBIDDEN_HEADERS = frozenset(
    {
        "host", "connection", "content-length", "content-type", "transfer-encoding", "te",
        "trailer", "upgrade", "expect", "keep-alive", "proxy-connection",
    }
)  # fmt: skip


def with_header(request: HttpRequest, name: str, value: str) -> HttpRequest:
    """The request with this header in place of any of the same name."""
    return replace(request, headers={**without_header(request, name).headers, name: value})


def without_header(request: HttpRequest, name: str) -> HttpRequest:
    """The request without any header of this name."""
    kept = {key: item for key, item in request.headers.items() if key.lower() != name.lower()}
    return replace(request, headers=kept)


def with_query(request: HttpRequest, name: str, value: str) -> HttpRequest:
    """The request with this query parameter in place of any of the same name."""
    address, hash_mark, fragment = request.url.partition("#")
    path, _, query = address.partition("?")
    kept = [pair for pair in query.split("&") if pair and _name_of(pair) != name]
    kept.append(f"{quote(name, safe='')}={quote(value, safe='')}")
    return replace(request, url=f"{path}?{'&'.join(kept)}{hash_mark}{fragment}")


def with_cookie(request: HttpRequest, name: str, value: str) -> HttpRequest:
    """The request with this cookie in place of any of the same name, others kept."""
    sent = next((v for k, v in request.headers.items() if k.lower() == "cookie"), "")
    pairs = [pair.strip() for pair in sent.split(";")]
    kept = [pair for pair in pairs if pair and pair.partition("=")[0] != name]
    return with_header(request, "Cookie", "; ".join([*kept, f"{name}={value}"]))


def header_faults(field: str, value: str) -> Iterator[Fault]:
    """Why `value` cannot stand in a header; says nothing of what it is."""
    if not _VISIBLE.fullmatch(value):
        detail = "Only visible ASCII characters: no line break, tab or accent."
        yield Fault(f"/{field}", detail, "CHARACTERS")
    elif value != value.strip():
        detail = "It begins or ends with a space: a copying mistake?"
        yield Fault(f"/{field}", detail, "CHARACTERS")
    if len(value) > MAX_HEADER_VALUE:
        yield Fault(f"/{field}", f"Longer than {MAX_HEADER_VALUE} characters.", "LENGTH")


def control_faults(field: str, value: str) -> Iterator[Fault]:
    if any(ord(character) < 32 or ord(character) == 127 for character in value):
        yield Fault(f"/{field}", "No control characters or line breaks.", "CHARACTERS")


def cookie_faults(field: str, value: str) -> Iterator[Fault]:
    if not _COOKIE_VALUE.fullmatch(value):
        detail = "A cookie's value has no space, quote, comma, semicolon or backslash."
        yield Fault(f"/{field}", detail, "CHARACTERS")


def tail_hint(secret: str) -> str:
    """The last four characters of a long secret, to tell keys apart; nothing of a short one."""
    return f"***{secret[-4:]}" if len(secret) >= 20 else ""


def _name_of(pair: str) -> str:
    return unquote_plus(pair.partition("=")[0])
