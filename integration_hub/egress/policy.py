"""Where the hub may call: URLs in one spelling, addresses by our own rule.

HUB_OUTBOUND_POLICY `public` opens the public internet and what HUB_OUTBOUND_ALLOW
names; `allowlist` opens only the latter. Texts never repeat a URL or an address
that a name resolved to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Literal

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from integration_hub.egress import addresses, hosts
from integration_hub.egress.addresses import Address, Network
from integration_hub.egress.ports import REFUSED_PORTS
from integration_hub.lib.errors import TargetForbidden

MAX_URL = 8 * 1024
DEFAULT_PORTS = {"http": 80, "https": 443}

Verdict = Literal["opened", "public", "forbidden"]

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://[^/?#]*)([^#]*)")
_SENDABLE = re.compile(r"[!-\[\]-~]*")  # printable ASCII but the backslash


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme (`tcp` outside HTTP), canonical host and port; `address` of a literal host."""

    scheme: str
    host: str
    port: int
    address: Address | None

    @property
    def authority(self) -> str:
        """As the Host header has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if DEFAULT_PORTS.get(self.scheme) == self.port else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Target:
    """One URL taken apart: `path` is what the request line carries, query included."""

    origin: Origin
    path: str


@dataclass(frozen=True, slots=True)
class Rules:
    """The outbound policy in force."""

    allowlist: bool
    networks: tuple[tuple[Network, int | None], ...]
    names: tuple[hosts.HostPattern, ...]

    def verdict(self, origin: Origin, address: Address) -> Verdict:
        """What the policy says of connecting to `address` for `origin`."""
        for network, port in self.networks:
            if addresses.within(address, network) and port in (None, origin.port):
                return "opened"
        if any(name.matches(origin.host, origin.port) for name in self.names) and not any(
            addresses.within(address, network) for network in addresses.NEVER_BY_NAME
        ):
            return "opened"
        if self.allowlist or not addresses.is_public(address):
            return "forbidden"
        return "public"

    def opens_port(self, origin: Origin) -> bool:
        """Whether an entry names the host, or its literal address, with this very port."""
        literal = origin.address
        return any(name.port and name.matches(origin.host, origin.port) for name in self.names) or (
            literal is not None
            and any(
                port == origin.port and addresses.within(literal, network)
                for network, port in self.networks
            )
        )


def rules() -> Rules:
    """The policy of the settings. Raises ImproperlyConfigured for an entry that is none."""
    return _compile(settings.HUB_OUTBOUND_POLICY, tuple(settings.HUB_OUTBOUND_ALLOW))


@lru_cache(maxsize=32)
def _compile(policy: str, allow: tuple[str, ...]) -> Rules:
    networks: list[tuple[Network, int | None]] = []
    names: list[hosts.HostPattern] = []
    for entry in allow:
        try:
            _sort_entry(entry, networks, names)
        except ValueError as error:
            raise ImproperlyConfigured(
                f"HUB_OUTBOUND_ALLOW has {entry!r}, neither a CIDR nor host[:port]: {error}."
            ) from None
    return Rules(policy == "allowlist", tuple(networks), tuple(names))


def _sort_entry(
    entry: str, networks: list[tuple[Network, int | None]], names: list[hosts.HostPattern]
) -> None:
    if "/" in entry:
        networks.append((ip_network(entry, strict=False), None))
        return
    pattern = hosts.HostPattern.parse(entry)
    try:
        networks.append((ip_network(pattern.name), pattern.port))
    except ValueError:
        names.append(pattern)


def parse_url(url: str) -> Target:
    """The one reading of `url` that is accepted. Raises TargetForbidden."""
    found = _URL.fullmatch(url) if len(url) <= MAX_URL else None
    if found is None:
        raise _refused(f"use an absolute http or https URL of at most {MAX_URL} characters")
    origin = _parse_origin(found[1])
    path = found[2]
    if not _SENDABLE.fullmatch(path):
        raise _refused("spaces, backslashes, control and non-ASCII characters must be escaped")
    return Target(origin, path if path.startswith("/") else f"/{path}")


@lru_cache(maxsize=4096)
def _parse_origin(text: str) -> Origin:
    scheme, _, authority = text.partition("://")
    scheme = scheme.lower()
    if scheme not in DEFAULT_PORTS:
        raise _refused("only http and https are called")
    if "@" in authority:
        raise _refused("a user name or password in the URL is not accepted; store a credential")
    if not authority or authority.startswith(":"):
        raise _refused("it names no host")
    try:
        host, port = hosts.split_port(authority)
        name, address = hosts.parse_host(host)
    except hosts.BadHost as error:
        raise _refused(str(error)) from None
    return Origin(scheme, name, port or DEFAULT_PORTS[scheme], address)


def check_url(url: str) -> None:
    """Refuse, before anything is stored, a URL that can never be called.

    A literal address is judged now; what a name resolves to is judged at each
    connect. Raises TargetForbidden.
    """
    origin = parse_url(url).origin
    check_port(origin)
    if origin.address is not None:
        permitted(origin, [origin.address])


def check_port(origin: Origin) -> None:
    """Refuse HTTP on a port of another protocol. Raises TargetForbidden."""
    if (
        origin.port in REFUSED_PORTS
        and origin.scheme in DEFAULT_PORTS
        and not rules().opens_port(origin)
    ):
        raise TargetForbidden(
            f"Port {origin.port} is not called: it belongs to another protocol than HTTP. "
            f"Where it is meant, the operator adds {origin.host}:{origin.port} to "
            "HUB_OUTBOUND_ALLOW."
        )


def tcp_origin(host: str, port: int) -> Origin:
    """The end of a connection that is not HTTP. Raises TargetForbidden."""
    try:
        name, address = hosts.parse_host(host)
    except hosts.BadHost as error:
        raise TargetForbidden(f"The host is not accepted: {error}.") from None
    if not 0 < port < 65_536:
        raise TargetForbidden("The port is not one.")
    return Origin("tcp", name, port, address)


def host_of(url: str) -> str:
    """The canonical host of `url`. Raises TargetForbidden."""
    return parse_url(url).origin.host


def permitted(origin: Origin, found: list[Address]) -> list[Address]:
    """Those of `found` that may be connected to. Raises TargetForbidden.

    One forbidden address among public ones condemns them all: that is what a
    rebinding name looks like. Where the operator opened one of them (`localhost`
    with only 127.0.0.0/8 allowed), the others are merely left out.
    """
    check_port(origin)
    policy = rules()
    verdicts = [(address, policy.verdict(origin, address)) for address in found]
    good = [address for address, verdict in verdicts if verdict != "forbidden"]
    opened = any(verdict == "opened" for _, verdict in verdicts)
    if not good or (len(good) < len(found) and not opened):
        raise TargetForbidden(
            f"{origin.host} may not be called: the outbound policy does not allow its address. "
            "Use a public address, or have the operator add it to HUB_OUTBOUND_ALLOW."
        )
    return good


def check_host(origin: Origin, allowed_hosts: tuple[str, ...]) -> None:
    """Refuse a host outside `allowed_hosts`; none given means any. Raises TargetForbidden."""
    if allowed_hosts and not covers(allowed_hosts, origin):
        raise TargetForbidden(
            f"The credential may not be sent to {origin.host}: "
            "add the host to allowed_hosts of the definition."
        )


def covers(allowed_hosts: tuple[str, ...], origin: Origin) -> bool:
    """Whether `allowed_hosts` names the origin's host. Raises TargetForbidden for a bad pattern."""
    try:
        return hosts.matches_any(allowed_hosts, origin.host, origin.port)
    except hosts.BadHost as error:
        raise TargetForbidden(
            f"An entry of allowed_hosts is not a host pattern: {error}."
        ) from None


def as_address(text: str) -> Address:
    return ip_address(text)


def _refused(reason: str) -> TargetForbidden:
    return TargetForbidden(f"The URL is not accepted: {reason}.")
