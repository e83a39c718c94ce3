"""Request bodies: the members of an object become parameters, anything else one named `body`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry.importer import LeftOut, Notes
from registry.importers.openapi.parameters import Shape
from registry.importers.openapi.references import References
from registry.importers.openapi.schemas import Schemas

BODY_VERBS = frozenset({"POST", "PUT", "PATCH"})
FORM = "application/x-www-form-urlencoded"
_FLAT = frozenset({"type", "properties", "required", "additionalProperties"})
_SAYS = frozenset({"title", "description", "examples", "default", "deprecated", "readOnly"})


class Bodies:
    def __init__(self, references: References, schemas: Schemas) -> None:
        self.references = references
        self.schemas = schemas

    def add(self, shape: Shape, verb: str, node: Any, notes: Notes) -> None:
        """The body of OpenAPI 3. Raises LeftOut for one that the hub cannot send."""
        if node is None:
            return self._none(shape, verb)
        body = self.references.solid(node)
        required = body.get("required") is True
        kind, media = _chosen(body.get("content"))
        if verb not in BODY_VERBS or not kind:
            why = "is of a kind that is not sent" if not kind else f"goes with {verb}"
            if required:
                raise LeftOut(f"Its body {why} ({_listed(body.get('content'))}).")
            notes.say(f"Its optional body {why}: it is left away.")
            return self._none(shape, verb)
        schema = self.schemas.translate(media.get("schema", {}), notes)
        _refuse_files(kind, schema)
        shape.example = _example(self.references, media)
        self.put(shape, kind, schema, required=required, notes=notes)
        return None

    def put(self, shape: Shape, kind: str, schema: Any, *, required: bool, notes: Notes) -> None:
        """`schema` is the body's own, translated."""
        shape.body = kind if required or kind != "json" else ""  # unnamed: only with members
        if kind != "text" and _is_flat(schema):
            properties = schema.get("properties", {})
            shape.properties |= properties
            if required:
                shape.required += _writable(schema.get("required", []), properties)
            elif schema.get("required"):
                notes.say("The body is optional: its required members are not demanded.")
            shape.closed = schema.get("additionalProperties", True)
            return
        shape.properties["body"] = schema
        if required:
            shape.required.append("body")
        if isinstance(shape.example, Mapping):
            shape.example = {"body": shape.example}
        shape.transform = {"rules": [{"source": "body", "target": "$"}]}
        notes.say("The whole body is the parameter 'body': it is no plain object of members.")

    def _none(self, shape: Shape, verb: str) -> None:
        if verb in BODY_VERBS:
            shape.body = "none"


def _chosen(content: Any) -> tuple[str, Mapping[str, Any]]:
    """The kind of body to send and its media type's entry: JSON before form before text."""
    found: dict[str, Mapping[str, Any]] = {}
    for media_type, entry in content.items() if isinstance(content, Mapping) else ():
        kind = kind_of(str(media_type))
        if kind and isinstance(entry, Mapping):
            found.setdefault(kind, entry)
    for kind in ("json", "form", "multipart", "text"):
        if kind in found:
            return kind, found[kind]
    return "", {}


def kind_of(media_type: str) -> str:
    """The body kind for a media type, empty for one that is not sent."""
    essence = media_type.partition(";")[0].strip().lower()
    if essence in ("application/json", "*/*", "application/*") or essence.endswith("+json"):
        return "json"
    if essence == FORM:
        return "form"
    if essence == "multipart/form-data":
        return "multipart"
    return "text" if essence == "text/plain" else ""


def _listed(content: Any) -> str:
    kinds = [str(kind)[:80] for kind in content] if isinstance(content, Mapping) else []
    return ", ".join(kinds[:5]) or "nothing said"


def _refuse_files(kind: str, schema: Any) -> None:
    if kind == "multipart" and (not _is_flat(schema) or any(map(_is_file, _members(schema)))):
        raise LeftOut("Its body is multipart with files, which an import does not make.")


def _members(schema: Mapping[str, Any]) -> list[Any]:
    return list(schema["properties"].values())


def _is_file(member: Any) -> bool:
    if not isinstance(member, Mapping):
        return False
    binary = member.get("format") in ("binary", "base64") or "contentMediaType" in member
    return binary or _is_file(member.get("items"))


def _is_flat(schema: Any) -> bool:
    """An object of named members and nothing that ties them together."""
    if not isinstance(schema, Mapping) or schema.get("type", "object") != "object":
        return False
    return bool(schema.get("properties")) and not set(schema) - _FLAT - _SAYS


def _writable(required: list[str], properties: Mapping[str, Any]) -> list[str]:
    """A member that only the system writes is demanded of nobody."""
    return [
        name
        for name in required
        if not (isinstance(properties.get(name), Mapping) and properties[name].get("readOnly"))
    ]


def _example(references: References, media: Mapping[str, Any]) -> Any:
    if "example" in media:
        return media["example"]
    named = media.get("examples")
    for entry in named.values() if isinstance(named, Mapping) else ():
        if isinstance(entry, Mapping):
            return references.solid(entry).get("value")
    return None
