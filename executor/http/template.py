"""`{x}` in a method's path, query and headers: found once, filled without changing the shape."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from integration_hub.egress.outgoing import MAX_VALUE, has_control
from integration_hub.lib.errors import Fault, ValidationFailed

PLACE = re.compile(r"\{([^{}]*)\}")
_WHOLE = re.compile(r"\{([^{}]+)\}")

_DOTS = frozenset({".", ".."})


def names_in(template: Any) -> Iterator[str]:
    """The parameters that a template (or a list of templates) names, in order."""
    if isinstance(template, str):
        yield from PLACE.findall(template)
    elif isinstance(template, list | tuple):
        for item in template:
            yield from names_in(item)


def refused(name: str, detail: str, code: str = "FORMAT") -> ValidationFailed:
    """What is wrong with parameter `name`; its value is never quoted."""
    pointer = "/parameters/" + name.replace("~", "~0").replace("/", "~1")
    fault = Fault(pointer, detail, code)
    return ValidationFailed(f"The parameter {name!r} cannot be sent: {detail}", errors=[fault])


def as_text(value: Any, name: str) -> str:
    """A string, number or boolean as it stands in a URL or header. Raises ValidationFailed."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise refused(name, "it is not valid Unicode (a lone surrogate).") from None
        return value
    if isinstance(value, int | float):
        return str(value)
    raise refused(name, "it must be a string, a number or a boolean here.")


def fill_path(template: str, parameters: Mapping[str, Any]) -> str:
    """The path with every parameter as (part of) one segment; its depth is the template's.

    Raises ValidationFailed for a value that is absent, empty, or makes a dot segment.
    """
    return "/".join(_segment(part, parameters) for part in template.split("/"))


def _segment(template: str, parameters: Mapping[str, Any]) -> str:
    names = PLACE.findall(template)
    if not names:
        return escape_path(template)
    for name in names:
        if parameters.get(name) in (None, ""):
            code = "FORMAT" if name in parameters else "REQUIRED"
            raise refused(name, "it is needed in the path and may not be empty.", code)
    filled = PLACE.sub(lambda found: as_text(parameters[found[1]], found[1]), template)
    if filled in _DOTS:
        raise refused(names[0], "it would change the path ('.' and '..' are not segments).")
    pieces = PLACE.split(template)  # literal, name, literal, name, …
    return "".join(
        quote(as_text(parameters[piece], piece), safe="") if index % 2 else escape_path(piece)
        for index, piece in enumerate(pieces)
    )


def escape_path(literal: str) -> str:
    """A definition's own path text, escapes that it already has kept."""
    return quote(literal, safe="/%:@!$&'()*+,;=~")


def fill_query(
    template: Mapping[str, Any], parameters: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Key and value for each entry; an entry whose parameter is absent is dropped."""
    for key, entry in template.items():
        for item in entry if isinstance(entry, list | tuple) else (entry,):
            whole = _WHOLE.fullmatch(item) if isinstance(item, str) else None
            if whole:
                yield from entries_of(key, parameters.get(whole[1]), whole[1])
            else:
                text = fill_text(item, parameters)
                if text is not None:
                    yield key, text


def entries_of(key: str, value: Any, name: str) -> Iterator[tuple[str, str]]:
    """One query entry, or one for each element of a list; none for null."""
    if value is None:
        return
    for item in value if isinstance(value, list | tuple) else (value,):
        yield key, as_text(item, name)


def fill_text(template: Any, parameters: Mapping[str, Any]) -> str | None:
    """The text, or None where one of its parameters is absent or null."""
    if not isinstance(template, str):
        return as_text(template, "")
    if any(parameters.get(name) is None for name in PLACE.findall(template)):
        return None
    return PLACE.sub(lambda found: as_text(parameters[found[1]], found[1]), template)


def fill_headers(template: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, str]:
    """Header values; space around one is no part of it. Raises ValidationFailed for CR, LF etc."""
    filled: dict[str, str] = {}
    for header, entry in template.items():
        for name in names_in(entry):
            value = parameters.get(name)
            if value is not None and has_control(as_text(value, name)):
                raise refused(name, "a header may not contain line breaks or control characters.")
        text = fill_text(entry, parameters)
        if text is None:
            continue
        if len(text.encode()) > MAX_VALUE:
            raise ValidationFailed(f"The header {header} would be longer than {MAX_VALUE} bytes.")
        filled[header] = text.strip(" \t")
    return filled
