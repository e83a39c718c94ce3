"""JSON pointers (RFC 6901): writing one, and asking whether it leads anywhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote

MAX_SEGMENT = 200


def join(segments: Iterable[str | int]) -> str:
    """`("a/b", 0)` → `/a~1b/0`; a segment of absurd length is cut."""
    return "".join("/" + escape(segment) for segment in segments)


def escape(segment: str | int) -> str:
    text = str(segment)
    if len(text) > MAX_SEGMENT:
        text = text[:MAX_SEGMENT] + "…"
    return text.replace("~", "~0").replace("/", "~1")


def split(pointer: str) -> list[str]:
    """The unescaped segments of a pointer, which may be a URI fragment's."""
    parts = unquote(pointer).split("/")[1:]
    return [part.replace("~1", "/").replace("~0", "~") for part in parts]


def exists(document: Any, pointer: str) -> bool:
    for segment in split(pointer):
        if isinstance(document, Mapping) and segment in document:
            document = document[segment]
        elif isinstance(document, list) and segment.isdigit() and int(segment) < len(document):
            document = document[int(segment)]
        else:
            return False
    return True
