"""Parameters of path, query and header: each a property of `param_schema` and a `{place}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from integration_hub.egress.outgoing import OWN_HEADERS
from registry.import_names import snake, unique
from registry.importer import LeftOut, Notes
from registry.importers.openapi.references import References
from registry.importers.openapi.schemas import Schemas

_PLACES = re.compile(r"\{([^{}]*)\}")
_SAFE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}")
# Set by the hub or its credential: OpenAPI says that such parameters mean nothing.
_NOT_PARAMETERS = OWN_HEADERS | {"accept", "content-type", "authorization"}
_IDEMPOTENCY = frozenset({"idempotency-key", "x-idempotency-key"})
_SCHEMA_WORDS = frozenset(
    {
        "type",
        "format",
        "enum",
        "default",
        "items",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "minLength",
        "maxLength",
        "pattern",
        "minItems",
        "maxItems",
        "uniqueItems",
        "multipleOf",
        "x-nullable",
    }
)


@dataclass(slots=True)
class Shape:
    """What a method's request is made of, as it grows."""

    path: str
    properties: dict[str, Any] = field(default_factory=dict)
    required: list[str] = field(default_factory=list)
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    closed: Any = False  # `additionalProperties` of the whole
    transform: dict[str, Any] | None = None
    example: Any = None
    idempotency_header: str = ""

    def param_schema(self) -> dict[str, Any]:
        made: dict[str, Any] = {"type": "object", "properties": self.properties}
        if self.required:
            made["required"] = self.required
        return made if self.closed is True else made | {"additionalProperties": self.closed}


class Parameters:
    """Adds the parameters of one operation to its shape; names of the body come first."""

    def __init__(self, references: References, schemas: Schemas, *, swagger: bool) -> None:
        self.references = references
        self.schemas = schemas
        self.swagger = swagger

    def collect(self, *lists: Any) -> list[Mapping[str, Any]]:
        """The parameters of a path and of its operation, which win by place and name."""
        found: dict[tuple[str, str], Mapping[str, Any]] = {}
        for entries in lists:
            for entry in entries if isinstance(entries, list) else ():
                solid = self.references.solid(entry)
                found[str(solid.get("in")), str(solid.get("name"))] = solid
        return list(found.values())

    def add(self, shape: Shape, found: list[Mapping[str, Any]], notes: Notes) -> None:
        for entry in found:
            add = _ADD.get(str(entry.get("in")))
            if add is not None:
                add(self, shape, entry, notes)
        for name in _PLACES.findall(shape.path):
            if name not in shape.properties:
                if not _SAFE.fullmatch(name):
                    raise LeftOut(f"The place {{{name[:80]}}} of its path is not described.")
                notes.say(f"{{{name}}} of the path is not described: any text is accepted.")
                shape.properties[name] = {"type": "string"}
                shape.required.append(name)

    def _path(self, shape: Shape, entry: Mapping[str, Any], notes: Notes) -> None:
        name = str(entry.get("name"))
        if f"{{{name}}}" not in shape.path:
            notes.say(f"The path has no place for its parameter {name[:80]!r}: it is left away.")
            return
        own = self._declare(shape, entry, "path", notes, plain=True)
        shape.path = shape.path.replace(f"{{{name}}}", f"{{{own}}}")
        if own not in shape.required:
            shape.required.append(own)

    def _query(self, shape: Shape, entry: Mapping[str, Any], notes: Notes) -> None:
        name = str(entry.get("name"))
        schema = self._schema(entry, notes)
        if _types(schema) & {"object"} or "content" in entry:
            self._refuse(entry, "an object in the query", notes)
            return
        own = self._declare(shape, entry, "query", notes, plain=self._joined(entry, schema))
        shape.query[name] = f"{{{own}}}"

    def _header(self, shape: Shape, entry: Mapping[str, Any], notes: Notes) -> None:
        name = str(entry.get("name"))
        if name.lower() in _NOT_PARAMETERS:
            notes.say(f"The header {name[:80]} is the hub's or the credential's: no parameter.")
            return
        if name.lower() in _IDEMPOTENCY:
            shape.idempotency_header = name
            notes.say(f"The hub itself fills {name}, with one key for all tries of a call.")
            return
        own = self._declare(shape, entry, "header", notes, plain=True)
        shape.headers[name] = f"{{{own}}}"

    def _cookie(self, shape: Shape, entry: Mapping[str, Any], notes: Notes) -> None:
        self._refuse(entry, "a cookie", notes)

    def _refuse(self, entry: Mapping[str, Any], what: str, notes: Notes) -> None:
        name = str(entry.get("name"))[:80]
        if entry.get("required") is True:
            raise LeftOut(f"Its required parameter {name!r} is {what}, which is not sent.")
        notes.say(f"The optional parameter {name!r} is {what}: it is left away.")

    def _declare(
        self, shape: Shape, entry: Mapping[str, Any], place: str, notes: Notes, *, plain: bool
    ) -> str:
        """A property of its own; one that is taken gets its place before its name."""
        name = str(entry.get("name"))
        safe = name if _SAFE.fullmatch(name) and place != "header" else snake(name, place)
        own = safe if safe not in shape.properties else unique(f"{place}_{safe}", shape.properties)
        if own != safe:
            notes.say(f"{safe!r} of the {place} is called {own!r}: the name was taken.")
        elif own != name:
            notes.say(f"{name[:80]!r} of the {place} is called {own!r}.")
        schema = self._schema(entry, notes)
        if plain and _types(schema) & {"array", "object"}:
            notes.say(f"{own!r} takes one text, its values joined as the system wants them.")
            kept: dict[str, Any] = {k: schema[k] for k in ("title", "description") if k in schema}
            schema = {"type": "string", **kept}
        if entry.get("description"):
            schema = schema | {"description": str(entry["description"])[:1_000]}
        if entry.get("deprecated") is True:
            schema = schema | {"deprecated": True}
        shape.properties[own] = schema
        if entry.get("required") is True:
            shape.required.append(own)
        return own

    def _schema(self, entry: Mapping[str, Any], notes: Notes) -> dict[str, Any]:
        node: Any = entry.get("schema", {})
        if self.swagger:
            node = {key: value for key, value in entry.items() if key in _SCHEMA_WORDS}
        made = self.schemas.translate(node, notes)
        return made if isinstance(made, dict) else {}

    def _joined(self, entry: Mapping[str, Any], schema: dict[str, Any]) -> bool:
        """Whether a list is one entry of joined values rather than one entry a value."""
        if not _types(schema) & {"array"}:
            return False
        if self.swagger:
            return bool(entry.get("collectionFormat", "csv") != "multi")
        return bool(entry.get("style", "form") != "form") or entry.get("explode") is False


_ADD = {
    "path": Parameters._path,
    "query": Parameters._query,
    "header": Parameters._header,
    "cookie": Parameters._cookie,
}


def _types(schema: Any) -> set[str]:
    types = schema.get("type", []) if isinstance(schema, Mapping) else []
    return {types} if isinstance(types, str) else {str(item) for item in types}
