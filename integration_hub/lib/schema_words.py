"""What a schema's refusal says to a person: where, and in a sentence what is wanted."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from typing import Any

from jsonschema_rs import ValidationError

from integration_hub.lib.redact import is_secret_name

Place = tuple[str | int, ...]

MAX_QUOTED = 60
MAX_OPTIONS = 10
_MANY_BITS = 13_000
_CODES = {
    "additionalProperties": "UNKNOWN_MEMBER",
    "unevaluatedProperties": "UNKNOWN_MEMBER",
    "required": "REQUIRED",
}
_A_TYPE = {
    "array": "an array",
    "boolean": "true or false",
    "integer": "an integer",
    "null": "null",
    "number": "a number",
    "object": "an object",
    "string": "a string",
}


def code_of(error: ValidationError) -> str:
    """`maxLength` → `MAX_LENGTH`, but for the few that have a better name."""
    name = error.kind.name
    return _CODES.get(name) or re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).upper()


def places_of(error: ValidationError) -> list[Place]:
    """Where the fault is: a missing or unexpected member is named itself, not its parent."""
    parent = tuple(error.instance_path)
    name = error.kind.name
    if name == "required":
        return [(*parent, str(error.kind.value))]
    if name in ("additionalProperties", "unevaluatedProperties"):
        return [(*parent, member) for member in error.kind.value]
    return [parent]


def sentence_of(error: ValidationError, place: Place, *, schema: Any, value: Any) -> str:
    """`value` is the whole that was validated: the error's own copy of a part costs time and
    loses integers of thousands of digits."""
    name = error.kind.name
    secret = any(isinstance(part, str) and is_secret_name(part) for part in place)
    if name in ("additionalProperties", "unevaluatedProperties"):
        return _unknown_member(str(place[-1]), _siblings(schema, error.schema_path))
    words = _WORDS.get(name)
    said = words(error.kind.value, secret) if words else f"does not fit the schema's {name!r}"
    got = "" if name in _NO_VALUE or secret else _got(_at(value, error.instance_path))
    return f"{said[:1].upper()}{said[1:]}{got}."


def quote(value: Any, limit: int = MAX_QUOTED) -> str:
    """A scalar as JSON would show it, cut."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int) and value.bit_length() > _MANY_BITS:
        return "an integer of thousands of digits"  # which str() would refuse to write
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _at(value: Any, path: list[str | int]) -> Any:
    for step in path:
        value = value[step]
    return value


def _got(value: Any) -> str:
    """Containers are never quoted: what they hold may be secret."""
    if isinstance(value, dict):
        return ", got an object"
    if isinstance(value, list):
        return ", got an array"
    return f", got {quote(value)}"


def _options(options: Iterable[Any]) -> str:
    listed = [quote(item) for item in options if not isinstance(item, dict | list)]
    rest = "" if len(listed) <= MAX_OPTIONS else f" and {len(listed) - MAX_OPTIONS} more"
    return ", ".join(listed[:MAX_OPTIONS]) + rest


def _type(value: Any, _: bool) -> str:
    names = [value] if isinstance(value, str) else list(value)
    return "must be " + " or ".join(_A_TYPE.get(name, name) for name in names)


def _enum(value: Any, secret: bool) -> str:
    return "is not an allowed value" if secret else f"must be one of {_options(value)}"


def _const(value: Any, secret: bool) -> str:
    plain = not secret and not isinstance(value, dict | list)
    return f"must be {quote(value)}" if plain else "is not the one allowed value"


def _count(sentence: str) -> Callable[[Any, bool], str]:
    return lambda value, _: sentence.format(value)


_WORDS: dict[str, Callable[[Any, bool], str]] = {
    "required": _count("is required"),
    "type": _type,
    "enum": _enum,
    "const": _const,
    "format": _count("is not a valid {}"),
    "pattern": lambda value, _: f"must match the pattern {quote(value, 200)}",
    "minimum": _count("must be at least {}"),
    "maximum": _count("must be at most {}"),
    "exclusiveMinimum": _count("must be more than {}"),
    "exclusiveMaximum": _count("must be less than {}"),
    "multipleOf": _count("must be a multiple of {}"),
    "minLength": _count("must have at least {} characters"),
    "maxLength": _count("must have at most {} characters"),
    "minItems": _count("must have at least {} items"),
    "maxItems": _count("must have at most {} items"),
    "minProperties": _count("must have at least {} members"),
    "maxProperties": _count("must have at most {} members"),
    "uniqueItems": _count("must not hold equal items"),
    "contains": _count("holds no item of the wanted kind"),
    "anyOf": _count("fits none of the allowed shapes"),
    "oneOf": _count("must fit exactly one of the allowed shapes"),
    "not": _count("has a shape that is not allowed"),
    "propertyNames": _count("has a member whose name is not allowed"),
    "falseSchema": _count("is not allowed here"),
    "unevaluatedItems": _count("has more items than are allowed"),
    "additionalItems": _count("has more items than are allowed"),
}
# Where the value says nothing, or is a whole container.
_NO_VALUE = frozenset(
    {
        "required",
        "minItems",
        "maxItems",
        "minProperties",
        "maxProperties",
        "uniqueItems",
        "contains",
        "not",
        "propertyNames",
        "falseSchema",
        "unevaluatedItems",
        "additionalItems",
        "maxLength",
    }
)


def _unknown_member(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name[:80], known, n=1)
    if near:
        return f'Is not known here; did you mean "{near[0]}"?'
    return (
        f"Is not known here; known: {_options(sorted(known))}." if known else "Is not known here."
    )


def _siblings(schema: Any, path: list[str | int]) -> list[str]:
    """The names beside the `additionalProperties` that refused."""
    node = schema
    for step in path[:-1]:
        # A path that was resolved through a reference may not lead on from here.
        try:
            node = node[step]
        except (KeyError, IndexError, TypeError):
            return []
    found = node.get("properties") if isinstance(node, dict) else None
    return list(found) if isinstance(found, dict) else []
