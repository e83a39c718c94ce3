"""One Postman collection: its requests, and each of them as a method."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from registry.importer import JSONObject, LeftOut, Notes, Operation, Source
from registry.importers.postman.parts import auth_entries, filled, objects
from registry.importers.postman.request import request_method

_MOST = 10_000
_LONGEST = 10_000


class PostmanSource(Source):
    def __init__(self, collection: Mapping[str, Any]) -> None:
        self.collection = collection
        self.variables = {
            str(entry.get("key")): str(entry.get("value") or "")
            for entry in objects(collection.get("variable"))
        }
        self._requests: list[tuple[Mapping[str, Any], Any]] = []
        self.operations = tuple(self._walk(collection, (), collection.get("auth")))
        self.base = self._base()

    def _walk(
        self, folder: Mapping[str, Any], tags: tuple[str, ...], auth: Any
    ) -> Iterator[Operation]:
        """Depth first; the reader bounds how deep a document nests."""
        for item in objects(folder.get("item")):
            name = str(item.get("name") or "")
            if isinstance(item.get("item"), list):
                yield from self._walk(item, (*tags, name[:200]), item.get("auth") or auth)
                continue
            request = item.get("request")
            if isinstance(request, str):
                request = {"method": "GET", "url": request}
            if isinstance(request, Mapping) and len(self._requests) < _MOST:
                self._requests.append((request, request.get("auth") or auth))
                yield self._operation(name, request, tags)

    def _operation(self, name: str, request: Mapping[str, Any], tags: tuple[str, ...]) -> Operation:
        verb = str(request.get("method") or "GET").upper()[:20]
        path = urlsplit_path(raw_url(request.get("url"), self.variables))
        at = len(self._requests) - 1
        own = "/".join((*tags, name)) or f"{verb} {path}"
        return Operation(own[:500], verb, path, name[:200], tags, at)

    def head(self, notes: Notes) -> JSONObject:
        info: Any = self.collection.get("info")
        base: JSONObject = {"type": "string", "format": "uri", "title": "Base URL"}
        members: JSONObject = {
            "name": str(info.get("name") or "Imported")[:120],
            "config_schema": {
                "type": "object",
                "required": ["base_url"],
                "properties": {"base_url": base},
            },
        }
        description = info.get("description")
        if isinstance(description, str) and description:
            members["description"] = description[:_LONGEST]
        if self.base:
            members["default_config"] = {"base_url": self.base}
        else:
            notes.say("The address has variables without values: each instance gives its base_url.")
        for kind in ("event", "protocolProfileBehavior"):
            if self.collection.get(kind):
                notes.say("Scripts and settings of Postman's own are not imported.")
        auth = auth_entries([auth for _, auth in self._requests], notes)
        return members | ({"auth": auth} if auth else {})

    def method(self, operation: Operation, notes: Notes) -> JSONObject:
        request, _ = self._requests[operation.index]
        origin = _origin(raw_url(request.get("url"), self.variables))
        if origin and self.base and origin != self.base:
            raise LeftOut(f"It goes to another system ({origin[:200]}) than {self.base[:200]}.")
        return request_method(operation, request, self.variables, notes)

    def _base(self) -> str:
        """The origin of most requests."""
        origins = [
            _origin(raw_url(found.get("url"), self.variables)) for found, _ in self._requests
        ]
        known = Counter(origin for origin in origins if origin)
        return known.most_common(1)[0][0] if known else ""


def raw_url(url: Any, variables: Mapping[str, str]) -> str:
    """The address as text, the collection's variables filled in."""
    raw = url.get("raw") if isinstance(url, Mapping) else url
    return filled(str(raw or "")[:8_192], variables)


def urlsplit_path(url: str) -> str:
    """The path below the origin; what stands for it where a variable is unknown is cut off."""
    rest = url.split("://", 1)[-1]
    path = rest[rest.index("/") :] if "/" in rest else "/"
    return path.split("?", 1)[0].split("#", 1)[0]


def _origin(url: str) -> str:
    try:
        parts = urlsplit(url if "://" in url else f"https://{url}")
        plain = parts.scheme in ("http", "https") and parts.hostname and not parts.username
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}" if plain and "{" not in parts.netloc else ""
