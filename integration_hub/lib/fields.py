"""How a plug-in declares its configuration once.

Admin forms, API schemas, redaction and sealing all read these declarations.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["string", "text", "integer", "boolean", "object", "datetime"]


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    kind: Kind = "string"
    required: bool = True
    secret: bool = False
    label: str = ""
    help: str = ""
    made: bool = False
    """The plug-in writes it itself; forms show it and take none."""
    default: Any = None
    max_length: int = 16_384
    schema: dict[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return self.label or self.name.replace("_", " ").capitalize()


_JSON_TYPES = {
    "string": "string",
    "text": "string",
    "datetime": "string",
    "integer": "integer",
    "boolean": "boolean",
    "object": "object",
}


def json_schema(fields: Iterable[Field]) -> dict[str, Any]:
    """The JSON Schema of an object with exactly these fields."""
    declared = list(fields)
    properties: dict[str, Any] = {}
    for item in declared:
        schema: dict[str, Any] = {"type": _JSON_TYPES[item.kind], "title": item.title}
        if item.help:
            schema["description"] = item.help
        if item.kind in ("string", "text"):
            schema["maxLength"] = item.max_length
            if item.required:
                schema["minLength"] = 1
        if item.kind == "datetime":
            schema["format"] = "date-time"
        if item.secret:
            schema["writeOnly"] = True
        properties[item.name] = schema | item.schema
    return {
        "type": "object",
        "properties": properties,
        "required": [item.name for item in declared if item.required],
        "additionalProperties": False,
    }
