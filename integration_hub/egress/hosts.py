"""Host names in one canonical spelling, and patterns over them (`*.acme.example`)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Self

import idna

from integration_hub.egress.addresses import Address

MAX_NAME = 253
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


class BadHost(ValueError):
    """The spelling of a host is not one that every reader understands alike."""


def parse_host(text: str) -> tuple[str, Address | None]:
    """The canonical name and, for a literal, its address. Raises BadHost.

    Only a dotted quad without leading zeros is an IPv4 address, only a bracketed
    one without a zone is IPv6: other spellings mean different hosts to different
    parsers.
    """
    if text.startswith("["):
        return _parse_v6(text)
    name = _to_ascii(text).removesuffix(".")
    labels = name.split(".")
    if ":" in text:
        raise BadHost("write an IPv6 address in brackets")
    if _NUMBER.fullmatch(labels[-1]):
        return _parse_v4(text)
    if len(name) > MAX_NAME or not all(map(_LABEL.fullmatch, labels)):
        raise BadHost("the host is not a valid name")
    return name, None


def _parse_v6(text: str) -> tuple[str, Address]:
    try:
        address = IPv6Address(text[1:-1] if text.endswith("]") else "")
    except AddressValueError:
        raise BadHost("the host is not a valid IPv6 address") from None
    if address.scope_id is not None:
        raise BadHost("an IPv6 address with a zone is not accepted")
    return str(address), address


def _parse_v4(text: str) -> tuple[str, Address]:
    try:
        address = IPv4Address(text)
    except AddressValueError:
        raise BadHost("write an IPv4 address as four decimal numbers, e.g. 192.0.2.1") from None
    return str(address), address


def _to_ascii(text: str) -> str:
    if text.isascii():
        return text.lower()
    try:
        return idna.encode(text, uts46=True, std3_rules=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        raise BadHost("the host is not a valid international name") from None


@dataclass(frozen=True, slots=True)
class HostPattern:
    """A host, or `*.` and a domain for every name below it; any port unless one is named."""

    name: str
    below: bool
    port: int | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises BadHost."""
        below = text.startswith("*.")
        host, port = split_port(text.removeprefix("*."))
        if host.count(":") > 1 and not host.startswith("["):
            host = f"[{host}]"
        name, _ = parse_host(host)
        return cls(name, below, port)

    def matches(self, host: str, port: int) -> bool:
        if self.port is not None and self.port != port:
            return False
        return host.endswith(f".{self.name}") if self.below else host == self.name


def split_port(authority: str) -> tuple[str, int | None]:
    """Host and port of `host[:port]`; an IPv6 address without brackets has no port."""
    if authority.count(":") > 1 and not authority.startswith("["):
        return authority, None
    found = re.fullmatch(r"(\[[^\]]*\]|[^:\[\]]*)(?::([1-9][0-9]{0,4}))?", authority)
    if found is None or (found[2] and int(found[2]) > 65_535):
        raise BadHost("the host or its port is not valid")
    return found[1], int(found[2]) if found[2] else None


@lru_cache(maxsize=1024)
def _pattern(text: str) -> HostPattern:
    return HostPattern.parse(text)


def matches_any(patterns: tuple[str, ...], host: str, port: int) -> bool:
    """Whether one of `patterns` covers the host. Raises BadHost for a pattern that is none."""
    return any(_pattern(text).matches(host, port) for text in patterns)
