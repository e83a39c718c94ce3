"""Which external host an instance's config points at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

_ADDRESSES = ("base_url", "url", "endpoint", "wsdl", "dsn")
_PORTS = {"http": 80, "https": 443}


def upstream_of(config: Mapping[str, Any]) -> str:
    """`host:port` of the first address in the config, in lower case; empty without one."""
    for name in _ADDRESSES:
        value = config.get(name)
        found = _of_url(value) if isinstance(value, str) else ""
        if found:
            return found
    host, port = config.get("host"), config.get("port", "")
    return f"{host.lower()}:{port}" if isinstance(host, str) and host else ""


def http_addresses(config: Mapping[str, Any]) -> Iterator[str]:
    """Those of its addresses that are called by HTTP."""
    for name in _ADDRESSES:
        value = config.get(name)
        if isinstance(value, str) and value.lower().startswith(("http://", "https://")):
            yield value


def _of_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        return f"{parts.hostname}:{_port(parts)}" if parts.hostname else ""
    except ValueError:
        return ""


def _port(parts: SplitResult) -> int | str:
    return _PORTS.get(parts.scheme, "") if parts.port is None else parts.port
