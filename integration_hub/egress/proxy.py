"""HUB_OUTBOUND_PROXY: public addresses are reached through an HTTP CONNECT proxy.

The hub resolves and judges the target itself and asks the proxy for the judged
address, never for a name: the proxy decides nothing that the policy decides. Private
addresses that HUB_OUTBOUND_ALLOW opened are reached directly. The proxy itself is
the operator's word and is not judged.
"""

from __future__ import annotations

import re
import socket
from base64 import b64encode
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Self
from urllib.parse import unquote

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from integration_hub.egress import addresses, hosts
from integration_hub.egress.addresses import Address
from integration_hub.egress.sockets import DeadlineSocket
from integration_hub.lib.errors import ConnectionFailed, UpstreamError

MAX_HEAD = 8 * 1024  # bytes of the proxy's answer
_URL = re.compile(r"http://(?:([^:@/]*):([^:@/]*)@)?([^@/?#]+)/?")
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9])\b")
_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Proxy:
    host: str
    port: int
    address: Address | None
    authorization: str = field(default="", repr=False)

    @classmethod
    def parse(cls, url: str) -> Self:
        """Raises ImproperlyConfigured; its text does not repeat the password."""
        found = _URL.fullmatch(url)
        if found is None:
            raise ImproperlyConfigured(
                "HUB_OUTBOUND_PROXY is not understood: write http://[user:password@]host:port."
            )
        try:
            host, port = hosts.split_port(found[3])
            name, address = hosts.parse_host(host)
        except hosts.BadHost as error:
            raise ImproperlyConfigured(f"HUB_OUTBOUND_PROXY is not understood: {error}.") from None
        if port is None:
            raise ImproperlyConfigured("HUB_OUTBOUND_PROXY names no port, as in http://proxy:3128.")
        return cls(name, port, address, _basic(found[1], found[2]))

    def ask(self, sock: DeadlineSocket, address: Address, port: int) -> None:
        """Have the proxy connect `sock` to the judged address.

        Raises ConnectionFailed(sent=False), TimedOut, Cancelled, OSError. Bytes for
        the proxy are none of the request: nothing counts as sent.
        """
        end = f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"
        lines = [f"CONNECT {end} HTTP/1.1", f"Host: {end}"]
        if self.authorization:
            lines.append(f"Proxy-Authorization: {self.authorization}")
        try:
            sock.sendall("\r\n".join([*lines, "", ""]).encode("ascii"))
            _accepted(_head(sock))
        except UpstreamError as error:
            error.sent = False
            raise
        finally:
            if sock.call is not None:
                sock.call.sent = False


def for_address(address: Address) -> Proxy | None:
    """The proxy through which `address` is reached; None for a direct connection."""
    text = settings.HUB_OUTBOUND_PROXY
    return _parsed(text) if text and addresses.is_public(address) else None


def configured() -> Proxy | None:
    """Raises ImproperlyConfigured."""
    text = settings.HUB_OUTBOUND_PROXY
    return _parsed(text) if text else None


@lru_cache(maxsize=8)
def _parsed(url: str) -> Proxy:
    return Proxy.parse(url)


def _basic(user: str | None, password: str | None) -> str:
    if user is None:
        return ""
    pair = f"{unquote(user)}:{unquote(password or '')}"
    return "Basic " + b64encode(pair.encode()).decode("ascii")


def _head(sock: DeadlineSocket) -> bytes:
    """The proxy's answer to its blank line and not a byte more: what follows is the target's."""
    head = b""
    while not head.endswith(_END):
        seen = head + sock.recv(MAX_HEAD - len(head), socket.MSG_PEEK)
        end = seen.find(_END)
        wanted = (end + len(_END) if end >= 0 else len(seen)) - len(head)
        if wanted == 0:
            raise ConnectionFailed("The outbound proxy gave no answer that is HTTP.", sent=False)
        head += sock.recv(wanted)
    return head


def _accepted(head: bytes) -> None:
    found = _STATUS.match(head)
    status = int(found[1]) if found else 0
    if status == 407:
        raise ConnectionFailed(
            "The outbound proxy does not accept the hub: see HUB_OUTBOUND_PROXY.", sent=False
        )
    if not 200 <= status < 300:
        raise ConnectionFailed("The outbound proxy made no connection.", sent=False)
