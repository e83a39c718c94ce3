"""What a caller may say about an instance, as JSON Schema, and its rules of sense."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from integration_hub.lib.errors import Fault, ValidationFailed
from integration_hub.lib.schema import compile_schema
from registry.choices import ContextType
from registry.definition_checks import RESERVED_SLUGS, policy_faults
from registry.name_patterns import SLUG_PATTERN
from registry.policy_schema import OVERRIDES, POLICIES
from registry.tls import tls_faults

CONTEXT = {
    "type": "object",
    "required": ["type"],
    "additionalProperties": False,
    "properties": {
        "type": {"enum": ContextType.values},
        "id": {"type": ["string", "null"], "maxLength": 120, "pattern": r"^[\x21-\x7e]*$"},
    },
}
LABELS = {
    "type": "object",
    "maxProperties": 50,
    "propertyNames": {"pattern": "^[A-Za-z0-9][A-Za-z0-9_./-]{0,62}$"},
    "additionalProperties": {"type": "string", "maxLength": 200},
}
WRITABLE: dict[str, Any] = {
    "name": {"type": "string", "minLength": 1, "maxLength": 120},
    "config": {"type": "object"},
    "context": CONTEXT,
    "labels": LABELS,
    "overrides": OVERRIDES,
}
CREATE: dict[str, Any] = {
    "type": "object",
    "required": ["definition", "slug"],
    "additionalProperties": False,
    "properties": {
        "definition": {
            "type": "string",
            "minLength": 1,
            "maxLength": 200,
            "description": "slug@1.2.0, a range slug@^1.2, a slug or an id",
        },
        "slug": {"type": "string", "pattern": SLUG_PATTERN, "maxLength": 80},
        **WRITABLE,
    },
}
CHANGE: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": WRITABLE,
}
DEFAULTS: dict[str, Any] = {
    "config": {},
    "context": {"type": "global"},
    "labels": {},
    "overrides": {},
}


def check_body(body: Any, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The body, when it is sound. Raises ValidationFailed with every fault."""
    faults = [*compile_schema(schema).faults(body)]
    if not faults:
        faults = [*_slug(body), *_context(body.get("context")), *_overrides(body)]
    if faults:
        raise ValidationFailed("The instance is not valid; see errors.", errors=faults)
    return dict(body)


def _slug(body: Mapping[str, Any]) -> Iterator[Fault]:
    if body.get("slug") in RESERVED_SLUGS or _looks_like_id(str(body.get("slug", ""))):
        yield Fault("/slug", "This name would hide an address of the API.", "RESERVED")


def _looks_like_id(slug: str) -> bool:
    return len(slug.replace("-", "")) == 32 and all(c in "0123456789abcdef-" for c in slug)


def _context(context: Mapping[str, Any] | None) -> Iterator[Fault]:
    if context is None:
        return
    if context["type"] == ContextType.GLOBAL:
        if context.get("id"):
            yield Fault("/context/id", "A global instance serves everyone: leave id out.", "EXTRA")
    elif not context.get("id"):
        yield Fault("/context/id", f"Say which {context['type']} it serves.", "REQUIRED")


def _overrides(body: Mapping[str, Any]) -> Iterator[Fault]:
    overrides = body.get("overrides", {})
    for name in POLICIES.keys() & overrides.keys():
        yield from policy_faults(name, overrides[name], f"/overrides/{name}")
    yield from tls_faults(overrides)
