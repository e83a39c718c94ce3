"""What a change of one JSON Schema keyword does to the values that the schema takes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

Schema = Mapping[str, Any]

_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "maxContains")
_EXACT = ("pattern", "format", "contentEncoding", "contentMediaType")
# Judged as a whole: whether one admits more than another is not decidable in general.
_OPAQUE = (
    *("not", "if", "then", "else", "patternProperties", "propertyNames", "contains"),
    *("prefixItems", "additionalItems", "unevaluatedItems", "unevaluatedProperties"),
    *("dependentRequired", "dependentSchemas", "dependencies", "$dynamicRef", "$recursiveRef"),
)
_TYPES = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})


class Effect(StrEnum):
    """Fewer values, more values, or other ones."""

    NARROWED = "narrowed"
    WIDENED = "widened"
    CHANGED = "changed"


def effects(old: Schema, new: Schema) -> Iterator[tuple[str, Effect]]:
    """`(keyword, effect)` of every keyword of one schema that does not lead to another."""
    yield from _sets(old, new)
    for name in (*_LOWER, *_UPPER):
        if (effect := _bound(old.get(name), new.get(name), upper=name in _UPPER)) is not None:
            yield name, effect
    for name in _EXACT:
        if (effect := _present(old.get(name), new.get(name))) is not None:
            yield name, effect
    yield from _steps(old, new)
    for name in _OPAQUE:
        if (effect := _present(old.get(name), new.get(name))) is not None:
            yield name, effect
    yield from _branches(old, new)


def canonical(value: Any) -> str:
    """Equal for equal JSON values."""
    return json.dumps(value, sort_keys=True, default=dict)


def _sets(old: Schema, new: Schema) -> Iterator[tuple[str, Effect]]:
    before, after = _types(old), _types(new)
    if (effect := _subset(before, after)) is not None:
        yield "type", effect
    one, two = _enum(old), _enum(new)
    if one is not None and two is not None:
        if (effect := _subset(one, two)) is not None:
            yield _enum_word(new), effect
    elif one is not None or two is not None:
        added = one is None
        yield _enum_word(new if added else old), Effect.NARROWED if added else Effect.WIDENED


def _types(schema: Schema) -> frozenset[str]:
    given = schema.get("type")
    if given is None:
        return _TYPES
    names = {given} if isinstance(given, str) else set(given)
    return frozenset(names | {"integer"} if "number" in names else names)


def _enum(schema: Schema) -> frozenset[str] | None:
    if "const" in schema:
        return frozenset({canonical(schema["const"])})
    if "enum" in schema:
        return frozenset(canonical(item) for item in schema["enum"])
    return None


def _enum_word(schema: Schema) -> str:
    return "const" if "const" in schema else "enum"


def _subset(old: frozenset[str], new: frozenset[str]) -> Effect | None:
    if old == new:
        return None
    if new < old:
        return Effect.NARROWED
    return Effect.WIDENED if old < new else Effect.CHANGED


def _bound(old: Any, new: Any, *, upper: bool) -> Effect | None:
    if old == new:
        return None
    if isinstance(old, bool) or isinstance(new, bool):  # draft 4's exclusiveMinimum: true
        return Effect.CHANGED
    if old is None or new is None:
        return Effect.NARROWED if old is None else Effect.WIDENED
    return Effect.NARROWED if (new < old) == upper else Effect.WIDENED


def _present(old: Any, new: Any) -> Effect | None:
    if old == new:
        return None
    if old is None or new is None:
        return Effect.NARROWED if old is None else Effect.WIDENED
    return Effect.CHANGED


def _steps(old: Schema, new: Schema) -> Iterator[tuple[str, Effect]]:
    unique, uniques = bool(old.get("uniqueItems")), bool(new.get("uniqueItems"))
    if unique != uniques:
        yield "uniqueItems", Effect.NARROWED if uniques else Effect.WIDENED
    if (effect := _divisor(old.get("multipleOf"), new.get("multipleOf"))) is not None:
        yield "multipleOf", effect


def _divisor(old: Any, new: Any) -> Effect | None:
    effect = _present(old, new)
    if effect is Effect.CHANGED and new % old == 0:
        return Effect.NARROWED
    if effect is Effect.CHANGED and old % new == 0:
        return Effect.WIDENED
    return effect


def _branches(old: Schema, new: Schema) -> Iterator[tuple[str, Effect]]:
    """Another `anyOf` branch takes more, another `allOf` branch less; `oneOf` is either."""
    for name in ("anyOf", "oneOf", "allOf"):
        before, after = old.get(name), new.get(name)
        effect = _present(before, after)
        if effect is Effect.CHANGED:
            one = frozenset(canonical(item) for item in before or ())
            two = frozenset(canonical(item) for item in after or ())
            effect = _subset(two, one) if name == "allOf" else _subset(one, two)
            if effect is None:
                continue  # the same branches in another order
        if effect is not None:
            yield name, effect
