"""Where the system is: servers, or host, basePath and schemes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

from registry.importer import Notes

MOST_NAMED = 20


def config_members(document: Mapping[str, Any], source_url: str, notes: Notes) -> dict[str, Any]:
    """`config_schema` and, where an address is known, `default_config`."""
    urls = list(dict.fromkeys(_addresses(document, source_url)))
    base: dict[str, Any] = {
        "type": "string",
        "format": "uri",
        "title": "Base URL",
        "maxLength": 2_048,
    }
    if len(urls) > 1:
        base["examples"] = urls[:MOST_NAMED]
        notes.say(f"{len(urls)} servers are described; the first is the default: {urls[0]}")
    members: dict[str, Any] = {
        "config_schema": {
            "type": "object",
            "required": ["base_url"],
            "properties": {"base_url": base},
        }
    }
    if urls:
        members["default_config"] = {"base_url": urls[0]}
    else:
        notes.say("No server is described: each instance gives its base_url.")
    return members


def _addresses(document: Mapping[str, Any], source_url: str) -> list[str]:
    if "swagger" in document:
        found = _swagger(document)
    else:
        servers = document.get("servers")
        listed = servers if isinstance(servers, list) else []
        found = [_filled(entry) for entry in listed if isinstance(entry, Mapping)]
    if source_url:
        found = [_joined(source_url, url) for url in found]
    return [url.rstrip("/") for url in found if _is_address(url)]


def _joined(base: str, url: str) -> str:
    try:
        return urljoin(base, url)
    except ValueError:
        return ""


def _swagger(document: Mapping[str, Any]) -> list[str]:
    host, schemes = document.get("host"), document.get("schemes")
    if not isinstance(host, str):
        return []
    listed = [str(scheme) for scheme in schemes] if isinstance(schemes, list) else []
    scheme = next((item for item in ("https", "http") if item in listed), "https")
    return [f"{scheme}://{host}{document.get('basePath', '')}"]


def _filled(server: Mapping[str, Any]) -> str:
    """The address with the defaults of its variables."""
    url = str(server.get("url", ""))
    variables = server.get("variables")
    for name, entry in variables.items() if isinstance(variables, Mapping) else ():
        if isinstance(entry, Mapping) and "default" in entry:
            url = url.replace(f"{{{name}}}", str(entry["default"]))
    return url


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        plain = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.username
    except ValueError:
        return False
    return plain and not set("{}? #") & set(url) and len(url) <= 2_048
