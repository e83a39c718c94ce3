"""The first good JSON answer: its schema, its example and its headers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from registry.importer import Notes
from registry.importers.openapi.bodies import kind_of
from registry.importers.openapi.references import References
from registry.importers.openapi.schemas import Schemas


@dataclass(frozen=True, slots=True)
class Answer:
    """`schema` is None where nothing is known of the result; `file` where it is no document."""

    schema: Any = None
    example: Any = None
    headers: tuple[str, ...] = ()
    file: bool = False
    media: Mapping[str, Any] = field(default_factory=dict)


class Responses:
    def __init__(self, references: References, schemas: Schemas, *, swagger: bool) -> None:
        self.references = references
        self.schemas = schemas
        self.swagger = swagger

    def answer(self, operation: Mapping[str, Any], produces: Any, notes: Notes) -> Answer:
        responses = operation.get("responses")
        good = _first_good(responses if isinstance(responses, Mapping) else {})
        if good is None:
            return Answer()
        found = self.references.solid(good)
        named = found.get("headers")
        headers = tuple(str(name) for name in named) if isinstance(named, Mapping) else ()
        if self.swagger:
            return self._swagger(found, headers, produces, notes)
        content = found.get("content")
        content = content if isinstance(content, Mapping) else {}
        for media_type, media in content.items():
            if kind_of(str(media_type)) == "json" and isinstance(media, Mapping):
                return Answer(self._schema(media, notes), _example(media), headers)
        return Answer(headers=headers, file=bool(content) and not any(map(_is_text, content)))

    def _swagger(
        self, found: Mapping[str, Any], headers: tuple[str, ...], produces: Any, notes: Notes
    ) -> Answer:
        kinds = [str(kind) for kind in produces] if isinstance(produces, list) else []
        if kinds and all(kind_of(kind) != "json" for kind in kinds):
            return Answer(headers=headers, file=not any(map(_is_text, kinds)))
        schema = found.get("schema")
        if isinstance(schema, Mapping) and schema.get("type") == "file":
            return Answer(headers=headers, file=True)
        examples = found.get("examples")
        example = examples.get("application/json") if isinstance(examples, Mapping) else None
        return Answer(self._schema(found, notes), example, headers)

    def _schema(self, media: Mapping[str, Any], notes: Notes) -> Any:
        if "schema" not in media:
            return None
        return self.schemas.translate(media["schema"], notes) or None


def _first_good(responses: Mapping[Any, Any]) -> Any:
    """The lowest 2xx, else 2XX, else `default`."""
    good = sorted(str(status) for status in responses if str(status)[:1] == "2")
    named = {str(status): entry for status, entry in responses.items()}
    return named[good[0]] if good else named.get("default")


def _is_text(media_type: Any) -> bool:
    """Whether the hub reads it as a document of its own."""
    essence = str(media_type).partition(";")[0].strip().lower()
    return essence.startswith("text/") or essence.endswith(("xml", "json", "*/*", "urlencoded"))


def _example(media: Mapping[str, Any]) -> Any:
    if "example" in media:
        return media["example"]
    named = media.get("examples")
    for entry in named.values() if isinstance(named, Mapping) else ():
        if isinstance(entry, Mapping) and "value" in entry:
            return entry["value"]
    return None
