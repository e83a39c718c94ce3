"""A JSON Schema that samples fit: a first draft for a person, not a promise.

Types are those that were seen, required is what every sample has, a text's format is one that
every text at that place has. Nothing is closed: members that no sample has are allowed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from genson import SchemaBuilder
from genson.schema.strategies import String

from integration_hub.lib.schema import DEFAULT_DRAFT, validator_of

MAX_SAMPLES = 1_000
_FORMATS: dict[str, dict[str, Any]] = {
    "date-time": {"format": "date-time"},
    "date": {"format": "date"},
    "uuid": {"format": "uuid"},
    "email": {"format": "email"},
    "ipv4": {"format": "ipv4"},
    # Alone, the format takes `note: done` as well.
    "uri": {"format": "uri", "pattern": "^[a-z][a-z0-9+.-]*://"},
}


def infer_schema(samples: Iterable[Any]) -> dict[str, Any]:
    """The schema of 2020-12 that all of them fit; without samples, one that takes anything."""
    builder = _Builder(schema_uri=DEFAULT_DRAFT)
    for sample in samples:
        builder.add_object(sample)
    schema: dict[str, Any] = builder.to_schema()
    return schema


class _Text(String):  # type: ignore[misc]  # genson has no types
    """Text, with the formats that all of it has had so far."""

    KEYWORDS = ("type", "format")

    def __init__(self, node_class: Any) -> None:
        super().__init__(node_class)
        self._possible = list(_FORMATS)
        self._seen = False

    def add_object(self, obj: str) -> None:
        self._seen = True
        self._possible = [
            name for name in self._possible if validator_of(_FORMATS[name]).is_valid(obj)
        ]

    def to_schema(self) -> dict[str, Any]:
        schema: dict[str, Any] = super().to_schema()
        if self._seen and self._possible:
            schema["format"] = self._possible[0]
        return schema


class _Builder(SchemaBuilder):  # type: ignore[misc]
    EXTRA_STRATEGIES = (_Text,)
