"""The members of a config that say where a system is which is not called by HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

OFF = "off"
MAX_POOL = 50
POOL = 5


def properties(**modes: str) -> dict[str, Any]:
    """`host`, `port`, `tls` and `pool_size`; `modes` are the ways of TLS and what each is."""
    ways = "; ".join(f"{name}: {text}" for name, text in modes.items())
    return {
        "host": {
            "type": "string",
            "minLength": 1,
            "maxLength": 253,
            "pattern": r"^[^\s/@?#]+$",
            "title": "Host",
            "description": "Name or address, without scheme and port.",
        },
        "port": {
            "type": "integer",
            "minimum": 1,
            "maximum": 65535,
            "title": "Port",
            "description": "The protocol's own unless said.",
        },
        "tls": {
            "enum": list(modes),
            "default": next(iter(modes)),
            "title": "TLS",
            "description": f"{ways}.",
        },
        "pool_size": {
            "type": "integer",
            "minimum": 1,
            "maximum": MAX_POOL,
            "default": POOL,
            "title": "Connections",
            "description": "The most that one process of the hub has open to it at once.",
        },
    }


def is_clear(config: Mapping[str, Any]) -> bool:
    """Whether the instance goes without TLS."""
    return config.get("tls") == OFF


def port_of(config: Mapping[str, Any], default: int) -> int:
    return int(config.get("port") or default)


def url_of(scheme: str, host: str, port: int, path: str = "") -> str:
    """Where a call goes, as the log shows it."""
    name = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return f"{scheme}://{name}:{port}/{path}".rstrip("/")
