"""Schemas of OpenAPI 3.0, 3.1 and Swagger 2.0 as JSON Schema 2020-12, references resolved.

A cycle is cut where it closes, and a schema that grows beyond the budget where it
does: there anything is accepted, and a note says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry.import_budget import Budget
from registry.importer import LeftOut, Notes
from registry.importers.openapi.references import References

MAX_TEXT = 1_000
_ONE = ("items", "not", "contains", "additionalProperties", "propertyNames", "if", "then", "else")
_ONE_NEW = ("unevaluatedProperties", "unevaluatedItems", "additionalItems")
_MANY = ("allOf", "anyOf", "oneOf", "prefixItems")
_NAMED = ("properties", "patternProperties", "dependentSchemas")
_PLAIN = frozenset(
    {
        "type",
        "format",
        "enum",
        "const",
        "default",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "pattern",
        "minItems",
        "maxItems",
        "uniqueItems",
        "minContains",
        "maxContains",
        "minProperties",
        "maxProperties",
        "required",
        "dependentRequired",
        "title",
        "description",
        "deprecated",
        "readOnly",
        "writeOnly",
        "examples",
        "contentEncoding",
        "contentMediaType",
    }
)
_TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
_TEXTS = frozenset({"title", "description", "examples"})
_BESIDE = frozenset({"description", "title", "default", "deprecated", "readOnly", "writeOnly"})
Schema = dict[str, Any]


class Schemas:
    """Translates the schemas of one document; `modern` is 3.1, whose schemas are JSON Schema."""

    def __init__(self, references: References, budget: Budget, *, modern: bool) -> None:
        self.references = references
        self.budget = budget
        self.modern = modern

    def translate(self, schema: Any, notes: Notes) -> Any:
        """The schema, self-contained. Raises LeftOut for a reference that cannot be followed."""
        return _Walk(self, notes).schema(schema, 0, ())


class _Walk:
    """One schema's translation, with its own count of nodes."""

    def __init__(self, schemas: Schemas, notes: Notes) -> None:
        self.references = schemas.references
        self.modern = schemas.modern
        self.left = schemas.budget.schema_nodes
        self.detail = schemas.budget.detail
        self.notes = notes

    def schema(self, node: Any, depth: int, open_refs: tuple[str, ...]) -> Any:
        if isinstance(node, bool):
            return node
        if not isinstance(node, Mapping):
            raise LeftOut("A schema is an object; here something else stands for one.")
        self.left -= 1
        if self.left < 0 or depth > self.detail.depth:
            self.notes.say(
                "A schema was cut where it became too large: anything is accepted there."
            )
            return _permissive(node)
        if "$ref" in node:
            return self._referred(node, depth, open_refs)
        return self._own(node, depth, open_refs)

    def _referred(self, node: Mapping[str, Any], depth: int, open_refs: tuple[str, ...]) -> Any:
        reference = node["$ref"]
        target = self.references.target(reference)
        if reference in open_refs:
            self.notes.say(f"{reference[:200]} contains itself: it was cut where it comes again.")
            return _permissive(target)
        found = self.schema(target, depth, (*open_refs, reference))
        beside = {key: value for key, value in node.items() if key != "$ref"}
        if not isinstance(found, dict) or not beside:
            return found
        said = {key: value for key, value in beside.items() if key in _BESIDE}
        found = found | self._plain(said)
        rest = {key: value for key, value in beside.items() if key not in _BESIDE}
        if self.modern and not _PLAIN.union(_ONE, _MANY, _NAMED).isdisjoint(rest):
            return {"allOf": [found, self._own(rest, depth + 1, open_refs)]}
        return _nullable(found) if beside.get("nullable") is True else found

    def _own(self, node: Mapping[str, Any], depth: int, open_refs: tuple[str, ...]) -> Schema:
        made = self._plain(node)
        for key in (*_ONE, *_ONE_NEW):
            if isinstance(node.get(key), Mapping | bool):
                made[key] = self.schema(node[key], depth + 1, open_refs)
        for key in _MANY:
            parts = node.get(key)
            if isinstance(parts, list) and parts:
                made[key] = [self.schema(part, depth + 1, open_refs) for part in parts]
        for key in _NAMED:
            if isinstance(node.get(key), Mapping):
                made[key] = {
                    str(name): self.schema(part, depth + 1, open_refs)
                    for name, part in node[key].items()
                }
        return self._dialect(node, made)

    def _plain(self, node: Mapping[str, Any]) -> Schema:
        made = {key: value for key, value in node.items() if key in _PLAIN}
        if not self.detail.texts:
            made = {key: value for key, value in made.items() if key not in _TEXTS}
        made |= {key: str(made[key])[:MAX_TEXT] for key in ("title", "description") if key in made}
        for key in ("required", "enum", "examples"):
            if key in made and not isinstance(made[key], list):
                del made[key]
        if made.get("required") == []:
            del made["required"]
        elif "required" in made:
            made["required"] = list(dict.fromkeys(map(str, made["required"])))
        return self._with_example(node, made)

    def _with_example(self, node: Mapping[str, Any], made: Schema) -> Schema:
        if self.detail.texts and "example" in node and "examples" not in made:
            return made | {"examples": [node["example"]]}
        return made

    def _dialect(self, node: Mapping[str, Any], made: Schema) -> Schema:
        if made.get("type") == "file":
            made["type"] = "string"
        if "type" in made and not _is_type(made["type"]):
            del made["type"]
        if not self.modern:
            _exclusive(made, "exclusiveMinimum", "minimum")
            _exclusive(made, "exclusiveMaximum", "maximum")
        if node.get("nullable") is True or node.get("x-nullable") is True:
            return _nullable(made)
        return made


def _is_type(said: Any) -> bool:
    names = said if isinstance(said, list) else [said]
    return bool(names) and all(isinstance(name, str) and name in _TYPES for name in names)


def _exclusive(made: Schema, flag: str, bound: str) -> None:
    """`exclusiveMinimum: true` beside `minimum: 5` is `exclusiveMinimum: 5`."""
    said = made.get(flag)
    if not isinstance(said, bool):
        return
    del made[flag]
    if said and bound in made:
        made[flag] = made.pop(bound)


def _nullable(made: Schema) -> Schema:
    """null is taken as well, by whatever says what else is."""
    if isinstance(made.get("enum"), list) and None not in made["enum"]:
        made = made | {"enum": [*made["enum"], None]}
    if isinstance(made.get("type"), str):
        made = made | {"type": [made["type"], "null"]}
    if any(key in made for key in ("allOf", "anyOf", "oneOf", "not", "const")):
        return {"anyOf": [made, {"type": "null"}]}
    return made


def _permissive(node: Any) -> Schema:
    """Anything of the same kind."""
    kind = node.get("type") if isinstance(node, Mapping) else None
    return {"type": kind} if isinstance(kind, str) and kind in _TYPES else {}
