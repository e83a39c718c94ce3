"""JSON Schema, compiled once: the fast yes, and every no with its place.

2020-12 unless `$schema` names another draft; formats are checked; a `$ref` that
leaves the document is refused, so nothing is ever fetched. Patterns run under a
backtracking limit. Sentences never quote a value under a secret-looking name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

import jsonschema_rs

from integration_hub.lib import pointers
from integration_hub.lib.errors import Fault, ValidationFailed
from integration_hub.lib.schema_words import code_of, places_of, sentence_of

MAX_FAULTS = 100
MAX_COMPILED = 2_048
DEFAULT_DRAFT = "https://json-schema.org/draft/2020-12/schema"
DRAFTS = (
    DEFAULT_DRAFT,
    "https://json-schema.org/draft/2019-09/schema",
    "http://json-schema.org/draft-07/schema",
    "http://json-schema.org/draft-06/schema",
    "http://json-schema.org/draft-04/schema",
)
# A pattern may look around, but not for long.
_PATTERNS = jsonschema_rs.FancyRegexOptions(backtrack_limit=50_000)
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
_NOT_SCHEMAS = frozenset({"enum", "const", "default", "examples", "example"})


class Validator:
    """One compiled schema; safe to share between threads."""

    __slots__ = ("_compiled", "_schema")

    def __init__(self, schema: Any) -> None:
        self._schema = schema
        self._compiled = _build(schema)

    def is_valid(self, value: Any) -> bool:
        return self._compiled.is_valid(value)

    def faults(self, value: Any, base: str = "") -> tuple[Fault, ...]:
        """At most 100 faults; pointers start with `base`. Empty when the value is valid."""
        if self._compiled.is_valid(value):
            return ()
        return tuple(islice(self._each_fault(value, base), MAX_FAULTS))

    def _each_fault(self, value: Any, base: str) -> Iterator[Fault]:
        for error in self._compiled.iter_errors(value):
            for place in places_of(error):
                detail = sentence_of(error, place, schema=self._schema, value=value)
                yield Fault(base + pointers.join(place), detail, code_of(error))


def compile_schema(schema: Mapping[str, Any] | bool) -> Validator:
    """The validator of `schema`, compiled once for equal content.

    Raises ValidationFailed with a pointer into the schema for each of its faults.
    """
    try:
        text = json.dumps(schema, ensure_ascii=False, default=_plain)
    except (TypeError, ValueError) as error:
        raise ValidationFailed(f"The schema is not JSON: {error}.") from error
    return _compile(text)


def validator_of(constant: Mapping[str, Any]) -> Validator:
    """The validator of a schema that stands in the code, found by what it is, not what it says."""
    kept = _constants.get(id(constant))
    if kept is None:
        # Held beside its validator, so that no other object can ever have its id.
        kept = _constants[id(constant)] = (constant, compile_schema(constant))
    return kept[1]


_constants: dict[int, tuple[Mapping[str, Any], Validator]] = {}


@lru_cache(maxsize=MAX_COMPILED)
def _compile(text: str) -> Validator:
    schema = json.loads(text)
    faults = tuple(islice(_schema_faults(schema), MAX_FAULTS))
    if faults:
        raise ValidationFailed("The JSON Schema is not valid; see errors.", errors=faults)
    return Validator(schema)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a {type(value).__name__} cannot stand in a schema")


def _build(schema: Any) -> jsonschema_rs.Validator:
    # `offline` refuses to fetch; the library's default would.
    return jsonschema_rs.validator_for(
        schema, validate_formats=True, pattern_options=_PATTERNS, offline=True
    )


def _schema_faults(schema: Any) -> Iterator[Fault]:
    if not isinstance(schema, dict | bool):
        yield Fault("", "A schema is an object, true or false.", "TYPE")
        return
    draft = schema.get("$schema", DEFAULT_DRAFT) if isinstance(schema, dict) else DEFAULT_DRAFT
    if not isinstance(draft, str) or draft.rstrip("#") not in DRAFTS:
        known = ", ".join(DRAFTS)
        yield Fault("/$schema", f"This draft is not known here; known: {known}.", "DRAFT")
        return
    of_draft = _meta_validator(draft.rstrip("#")).faults(schema)
    yield from of_draft
    if not of_draft:
        yield from _build_faults(schema)


@lru_cache(maxsize=len(DRAFTS))
def _meta_validator(draft: str) -> Validator:
    return Validator({"$schema": draft, "$ref": draft})


def _build_faults(schema: Any) -> Iterator[Fault]:
    try:
        _build(schema)
    except jsonschema_rs.ValidationError as error:
        refused = list(_reference_faults(schema, schema, ()))
        message = error.message.partition("\n")[0][:300]
        place = pointers.join(tuple(error.instance_path))
        yield from refused or [Fault(place, f"The schema does not compile: {message}.", "SCHEMA")]


def _reference_faults(root: Any, node: Any, place: tuple[str | int, ...]) -> Iterator[Fault]:
    """Each reference that leads out of the document, or nowhere in it."""
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from _reference_faults(root, item, (*place, index))
    if not isinstance(node, dict):
        return
    for name, item in node.items():
        if name in _REFERENCES and isinstance(item, str):
            detail = _refusal(root, item)
            if detail:
                yield Fault(pointers.join((*place, name)), detail, "REFERENCE")
        elif name not in _NOT_SCHEMAS:
            yield from _reference_faults(root, item, (*place, name))


def _refusal(root: Any, reference: str) -> str:
    if not reference.startswith("#"):
        return "A reference must stay inside the document: #/$defs/…; nothing is fetched."
    target = reference[1:]
    if target.startswith("/") and not pointers.exists(root, target):
        return f"Nothing stands at {reference[:200]!r} in the document."
    return ""
