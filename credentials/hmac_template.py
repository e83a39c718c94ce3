"""What a declared signature may be made of: values of the request that is about to leave."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from integration_hub.egress import policy
from integration_hub.egress.door import HttpRequest

DIGESTS = ("md5", "sha1", "sha256", "sha512")
ENCODINGS: Mapping[str, Callable[[bytes], str]] = {
    "hex": bytes.hex,
    "base64": lambda raw: b64encode(raw).decode(),
}


@dataclass(frozen=True, slots=True)
class Material:
    """One request and the moment it is signed at; the same for all templates of a credential."""

    request: HttpRequest
    key_id: str
    now: datetime
    nonce: str
    algorithm: str
    encoding: str
    config: Mapping[str, Any]
    signature: str = ""

    def value(self, name: str) -> str | bytes:
        """Raises KeyError for a name that is none."""
        prefix, dot, rest = name.partition(".")
        if dot and prefix == "header":
            return self._header(rest.lower())
        if dot and prefix == "config":
            return str(self.config[rest])
        return VALUES[name](self)

    def _header(self, name: str) -> str:
        """As egress sends it; empty where the request has none."""
        if name == "host":
            return policy.parse_url(self.request.url).origin.authority
        found = (v for k, v in self.request.headers.items() if k.lower() == name)
        return next(found, "").strip(" \t")


def is_known(name: str) -> bool:
    prefix, dot, rest = name.partition(".")
    return name in VALUES or (bool(dot and rest) and prefix in ("header", "config"))


def _target(material: Material) -> str:
    return policy.parse_url(material.request.url).path


def _body(material: Material) -> bytes:
    return material.request.body or b""


def _digest(algorithm: str, encoding: str) -> Callable[[Material], str]:
    def made(material: Material) -> str:
        found = hashlib.new(algorithm, _body(material), usedforsecurity=False).digest()
        return ENCODINGS[encoding](found)

    return made


def _epoch(material: Material) -> float:
    return material.now.timestamp()


VALUES: Mapping[str, Callable[[Material], str | bytes]] = {
    "method": lambda m: m.request.method,
    "url": lambda m: m.request.url,
    "host": lambda m: policy.parse_url(m.request.url).origin.authority,
    "target": _target,
    "path": lambda m: _target(m).partition("?")[0],
    "query": lambda m: _target(m).partition("?")[2],
    "sorted_query": lambda m: "&".join(sorted(_target(m).partition("?")[2].split("&"))),
    "body": _body,
    "body_digest": lambda m: _digest(m.algorithm, m.encoding)(m),
    **{f"body_{name}": _digest(name, "hex") for name in DIGESTS},
    **{f"body_{name}_base64": _digest(name, "base64") for name in DIGESTS},
    "timestamp": lambda m: str(int(_epoch(m))),
    "timestamp_ms": lambda m: str(int(_epoch(m) * 1000)),
    "timestamp_iso": lambda m: f"{m.now:%Y-%m-%dT%H:%M:%SZ}",
    "http_date": lambda m: format_datetime(m.now, usegmt=True),
    "nonce": lambda m: m.nonce,
    "key_id": lambda m: m.key_id,
    "signature": lambda m: m.signature,
}
