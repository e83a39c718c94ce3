"""One request of a collection as a method. Its values are examples, so none is kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from integration_hub.egress.outgoing import OWN_HEADERS
from integration_hub.lib import jsonsafe
from registry.import_names import snake, unique
from registry.importer import JSONObject, LeftOut, Notes, Operation
from registry.importers.postman.parts import filled, objects

_BODY_VERBS = frozenset({"POST", "PUT", "PATCH"})
_RISKS = {"GET": "read", "HEAD": "read", "OPTIONS": "read", "DELETE": "destructive"}
_LEFT = OWN_HEADERS | {"accept", "content-type", "authorization", "user-agent"}
_PLACE = re.compile(r"^:(\w{1,80})$|^\{\{?(\w{1,80})\}\}?$")


def request_method(
    operation: Operation, request: Mapping[str, Any], variables: Mapping[str, str], notes: Notes
) -> JSONObject:
    """Raises LeftOut for a body that is not sent."""
    properties: JSONObject = {}
    required: list[str] = []
    http: JSONObject = {"method": operation.verb}
    body = request.get("body")
    if operation.verb in _BODY_VERBS:
        _add_body(http, properties, body if isinstance(body, Mapping) else {}, variables, notes)
    http["path"] = _path(operation.path, properties, required)
    url = request.get("url")
    query = url.get("query") if isinstance(url, Mapping) else None
    for part, entries in (("query", query), ("headers", request.get("header"))):
        places = _places(part, entries, properties)
        http |= {part: places} if places else {}
    described = request.get("description")
    text = described if isinstance(described, str) else ""
    return {
        "description": f"{operation.summary}\n\n{text}".strip()[:10_000],
        "risk": _RISKS.get(operation.verb, "write"),
        "param_schema": {"type": "object", "properties": properties, "required": required},
        "http": http,
    }


def _path(path: str, properties: JSONObject, required: list[str]) -> str:
    """`:id`, `{{id}}` and `{id}` as whole segments are parameters."""
    segments = []
    for segment in path.split("/"):
        found = _PLACE.match(segment)
        if found:
            own = unique(found[1] or found[2], properties)
            properties[own] = {"type": ["string", "integer"]}
            required.append(own)
            segment = f"{{{own}}}"  # noqa: PLW2901 - the same segment, in our spelling
        segments.append(segment)
    return "/".join(segments)


def _places(part: str, entries: Any, properties: JSONObject) -> dict[str, str]:
    places: dict[str, str] = {}
    for entry in objects(entries):
        key = str(entry.get("key") or "")
        if not key or (part == "headers" and key.lower() in _LEFT):
            continue
        own = unique(snake(key, "value"), properties)
        properties[own] = {"type": ["string", "number", "boolean"]}
        if isinstance(entry.get("description"), str):
            properties[own]["description"] = entry["description"][:1_000]
        places[key] = f"{{{own}}}"
    return places


def _add_body(
    http: JSONObject,
    properties: JSONObject,
    body: Mapping[str, Any],
    variables: Mapping[str, str],
    notes: Notes,
) -> None:
    mode = body.get("mode")
    if mode == "urlencoded":
        http["body"] = "form"
        properties |= {str(entry.get("key")): {} for entry in objects(body.get(mode))}
    elif mode == "raw":
        _add_raw(http, properties, filled(str(body.get("raw") or ""), variables), notes)
    elif mode in (None, "none") or not body.get(str(mode)):
        http["body"] = "none"
    else:
        raise LeftOut(f"Its body is of the kind {str(mode)[:40]!r}, which an import does not make.")


def _add_raw(http: JSONObject, properties: JSONObject, raw: str, notes: Notes) -> None:
    """A JSON object is read for the names of its members; their types are not guessed."""
    try:
        value = jsonsafe.loads(raw) if raw.strip() else {}
    except jsonsafe.JSONFault:
        raise LeftOut("Its raw body is no JSON (or has variables outside of texts).") from None
    if not isinstance(value, dict):
        raise LeftOut("Its raw body is JSON, but no object.")
    http["body"] = "json"
    properties |= {str(name): {} for name in value}
    if value:
        notes.guess("The members of its body are those of the example; none is demanded.")
