"""Bodies of Swagger 2.0: a parameter in `body`, or several in `formData`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry.importer import LeftOut, Notes
from registry.importers.openapi.bodies import FORM, Bodies, kind_of
from registry.importers.openapi.parameters import Shape

_OF_PARAMETER = frozenset({"name", "in", "required", "collectionFormat", "allowEmptyValue"})


def add_swagger_body(
    bodies: Bodies,
    shape: Shape,
    verb: str,
    found: list[Mapping[str, Any]],
    consumes: Any,
    notes: Notes,
) -> None:
    """Raises LeftOut for files and for media types that are not sent."""
    whole = next((entry for entry in found if entry.get("in") == "body"), None)
    form = [entry for entry in found if entry.get("in") == "formData"]
    kinds = [str(kind) for kind in consumes] if isinstance(consumes, list) else []
    if whole is not None:
        kind = next((kind for kind in map(kind_of, kinds) if kind), "") if kinds else "json"
        content = {"json": "application/json", "text": "text/plain", "form": FORM}.get(kind)
        media_type = content or ", ".join(kinds)
        schema = {"schema": whole.get("schema", {})}
        node = {"required": whole.get("required") is True, "content": {media_type: schema}}
        bodies.add(shape, verb, node, notes)
    elif form:
        bodies.add(shape, verb, _form(form, kinds), notes)
    else:
        bodies.add(shape, verb, None, notes)


def _form(entries: list[Mapping[str, Any]], kinds: list[str]) -> dict[str, Any]:
    if any(entry.get("type") == "file" for entry in entries):
        raise LeftOut("Its body has a file, which an import does not make.")
    required = [str(entry["name"]) for entry in entries if entry.get("required") is True]
    properties = {
        str(entry.get("name")): {k: v for k, v in entry.items() if k not in _OF_PARAMETER}
        for entry in entries
    }
    media_type = FORM if FORM in kinds or not kinds else kinds[0]
    schema = {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }
    return {"required": bool(required), "content": {media_type: {"schema": schema}}}
