"""application/x-www-form-urlencoded: names with text; a name that repeats holds a list.

Null is left out when written, an empty list too; everything that is read is text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from integration_hub.lib import pointers
from transformer.faults import encode_failed, parse_failed
from transformer.format import Format, formats
from transformer.media import to_text
from transformer.scalars import text_of

MAX_FIELDS = 10_000


@formats.register("form")
class FormFormat(Format):
    name = "form"
    media_types = ("application/x-www-form-urlencoded",)

    def decode(self, raw: bytes, *, charset: str | None, options: Mapping[str, Any]) -> Any:
        text = to_text(raw, charset)
        try:
            pairs = parse_qsl(
                text,
                keep_blank_values=True,
                strict_parsing=bool(text),
                encoding="utf-8",
                errors="strict",
                max_num_fields=MAX_FIELDS,
            )
        except ValueError as error:
            raise parse_failed(f"Not a form: {error}.", expected="name=value&…") from None
        document: dict[str, Any] = {}
        for name, value in pairs:
            _add(document, name, value)
        return document

    def encode(self, document: Any, *, options: Mapping[str, Any]) -> bytes:
        return urlencode(flat_fields(document)).encode()


def flat_fields(document: Any) -> list[tuple[str, str]]:
    """Each name with its text, a list's items under one name."""
    if not isinstance(document, Mapping):
        raise encode_failed("", "A form holds an object of names and values", "object")
    fields: list[tuple[str, str]] = []
    for name, value in document.items():
        for item in value if isinstance(value, list) else [value]:
            text = text_of(item)
            if text is None:
                place = pointers.join((name,))
                raise encode_failed(
                    place, "A form cannot hold nested values", "one value or a list"
                )
            if item is not None:
                fields.append((name, text))
    return fields


def _add(document: dict[str, Any], name: str, value: str) -> None:
    if name not in document:
        document[name] = value
    elif isinstance(document[name], list):
        document[name].append(value)
    else:
        document[name] = [document[name], value]
