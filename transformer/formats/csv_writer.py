"""A table to rows of text."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from typing import Any

from integration_hub.lib import pointers
from transformer.faults import encode_failed
from transformer.formats.table import cells_of, names_of
from transformer.scalars import text_of

_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?[0-9][0-9., ]*\Z")


def write_rows(document: Any, options: Mapping[str, Any]) -> str:
    """Raises TransformFailed with the place of what is no single value."""
    names = names_of(document, options)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=options["delimiter"], quotechar=options["quote"])
    if names and options.get("header", True):
        writer.writerow(_cell(name, options) for name in names)
    for number, item in enumerate(document):
        cells = cells_of(item, names, number)
        writer.writerow([_text(value, (number, at), options) for at, value in cells])
    return out.getvalue()


def _text(value: Any, place: tuple[Any, ...], options: Mapping[str, Any]) -> str:
    text = text_of(value)
    if text is None:
        raise encode_failed(pointers.join(place), "A field cannot hold nested values", "one value")
    return _cell(text, options) if isinstance(value, str) else text


def _cell(text: str, options: Mapping[str, Any]) -> str:
    if not options.get("raw", False) and _FORMULA.match(text) and not _NUMBER.match(text):
        return "'" + text
    return text
